// Draws <figure data-chart="#id"> from its JSON with ECharts. The same numbers stand in the figure's table.
(() => {
  "use strict";

  const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const INK = token("--ink");
  const QUIET = token("--ink-2");
  const LINE = token("--line");
  const SERIES = [token("--primary"), token("--warn-ink"), token("--info"), "#6b4fa0", "#8a6d1b"];
  const BAR = "#8ccabf";
  const SHADES = ["#cfe7e2", "#96cdc4", "#5aa89e", "#0f6e66", "#0a4a45"];
  const LIGHT_SHADES = 0.58; // up to this share of the range, dark words read better
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
  const type = (size = 0.8125) => ({ fontFamily: token("--font"), fontSize: size * rem() });
  // A word's breadth in pixels: a Chinese character fills its square, a letter about half of it.
  const breadth = (text) => [...text].reduce((sum, sign) => sum + (sign > "\u2e80" ? 1 : 0.58), 0) * 0.8125 * rem();
  const written = (value, unit = "") =>
    value === null || value === undefined || Number.isNaN(value) ? "—" : `${value.toLocaleString("en-US")}${unit}`;

  // Rich text needs no style attribute, which the security policy refuses.
  const tooltip = (extra) => ({
    renderMode: "richText",
    confine: true,
    backgroundColor: "#fff",
    borderColor: LINE,
    borderWidth: 1,
    padding: [8, 12],
    shadowBlur: 0,
    shadowOffsetY: 0,
    textStyle: { color: INK, ...type() },
    ...extra,
  });

  const categories = (labels, extra) => ({
    type: "category",
    data: labels,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: LINE } },
    axisLabel: { color: QUIET, ...type() },
    ...extra,
  });

  const values = (spec, extra) => ({
    type: "value",
    min: spec.min,
    max: spec.max,
    splitNumber: 4,
    // Counts have no halves.
    minInterval: spec.series.every((one) => one.values.every(Number.isInteger)) ? 1 : 0,
    splitLine: { lineStyle: { color: LINE } },
    axisLabel: { color: QUIET, ...type() },
    ...extra,
  });

  // How many lines things of these widths take, set one after the other.
  function lines(widths, width) {
    let count = 1;
    let taken = 0;
    widths.forEach((one) => {
      if (taken && taken + one > width) {
        count += 1;
        taken = 0;
      }
      taken += one;
    });
    return count;
  }

  function line(spec, width) {
    // The name stands at the line's end, so no legend is needed; on a phone the legend saves the width.
    const roomy = width > 30 * rem();
    const rows = roomy ? 0 : lines(spec.series.map((one) => breadth(one.name) + 3 * rem()), width);
    const ends = Math.max(...spec.series.map((one) => breadth(`${one.name} 00.00`)));
    return {
      grid: { left: 4, right: roomy ? ends : 14, top: roomy ? 14 : (rows * 1.4 + 1) * rem(), bottom: 4, containLabel: true },
      legend: { show: !roomy, top: 0, left: 0, icon: "roundRect", itemHeight: 4, textStyle: { color: INK, ...type() } },
      tooltip: tooltip({ trigger: "axis", valueFormatter: (value) => written(value, spec.unit) }),
      xAxis: categories(spec.labels, { boundaryGap: true }),
      yAxis: values(spec),
      series: spec.series.map((one, index) => {
        const color = SERIES[index % SERIES.length];
        return {
          type: "line",
          name: one.name,
          data: one.values,
          color,
          symbol: "circle",
          symbolSize: 7,
          showSymbol: one.values.length === 1,
          lineStyle: { width: 2.5, type: index > 2 ? "dashed" : "solid" },
          endLabel: {
            show: roomy,
            color,
            ...type(),
            formatter: (point) => `${one.name} ${written(point.value, "")}`,
          },
          labelLayout: { moveOverlap: "shiftY" },
        };
      }),
    };
  }

  // What names may take of the width beside bars; longer ones go on in a second line.
  const naming = (width) => Math.min(width * 0.38, 11 * rem());

  function bar(spec, width) {
    const many = spec.series.length > 1;
    const sideways = spec.horizontal !== false;
    const names = categories(spec.labels, sideways ? { inverse: true, axisLine: { show: false } } : {});
    if (sideways) {
      const room = naming(width);
      names.axisLabel = { ...names.axisLabel, width: room, overflow: "break", lineHeight: 1.05 * rem(), interval: 0 };
    }
    const amounts = values(spec, sideways ? { show: false } : {});
    return {
      grid: { left: 4, right: sideways ? 4.5 * rem() : 8, top: many ? 2.4 * rem() : 12, bottom: 4, containLabel: true },
      legend: { show: many, top: 0, left: 0, itemWidth: 12, itemHeight: 12, textStyle: { color: INK, ...type() } },
      tooltip: tooltip({ trigger: "axis", axisPointer: { type: "none" }, valueFormatter: (value) => written(value, spec.unit) }),
      xAxis: sideways ? amounts : names,
      yAxis: sideways ? names : amounts,
      series: spec.series.map((one, index) => ({
        type: "bar",
        name: one.name,
        data: one.values,
        color: many ? SERIES[index % SERIES.length] : BAR,
        stack: spec.stacked ? "all" : undefined,
        barMaxWidth: 16,
        cursor: spec.urls ? "pointer" : "default",
        itemStyle: { borderRadius: spec.stacked ? 0 : sideways ? [0, 8, 8, 0] : [8, 8, 0, 0] },
        label: {
          show: !spec.stacked && (sideways || spec.labels.length < 8),
          position: sideways ? "right" : "top",
          color: INK,
          ...type(),
          formatter: (point) => written(point.value, spec.unit),
        },
      })),
    };
  }

  // How wide a degree of longitude is beside one of latitude, at the middle of each map.
  const widths = new Map();
  function learn(url, shapes) {
    const heights = [];
    const walk = (node) => (typeof node[0] === "number" ? heights.push(node[1]) : node.forEach(walk));
    shapes.features.forEach((feature) => walk(feature.geometry.coordinates));
    const middle = (Math.min(...heights) + Math.max(...heights)) / 2;
    widths.set(url, Math.cos((middle * Math.PI) / 180));
    echarts.registerMap(url, shapes);
  }

  function map(spec, width, figure) {
    const known = spec.regions.map((one) => one.value).filter((value) => value !== null);
    const low = Math.min(...known);
    const high = Math.max(...known, low + 1e-9);
    const words = (region) => `${region.name}\n${written(region.value, spec.unit)}`;
    const regions = new Map(spec.regions.map((one) => [one.code, one]));
    const name = (point) => (regions.has(point.name) ? words(regions.get(point.name)) : "");
    const narrow = width < 30 * rem();
    // On a narrow phone in large text the figures would cover each other; a tap shows them.
    const tight = width < 16 * rem();
    const label = (point) => {
      if (!regions.has(point.name)) return "";
      const said = tight ? regions.get(point.name).name : name(point);
      return said.replaceAll(" ", "\n"); // a line for each word, or neighbours' names would meet
    };
    return {
      tooltip: tooltip({ trigger: "item", formatter: name }),
      visualMap: {
        show: width > 24 * rem() && known.length > 1,
        min: low - (high - low) * 0.35,
        max: high,
        left: 12,
        bottom: 12,
        itemWidth: 18,
        itemHeight: 5.5 * rem(),
        calculable: false,
        hoverLink: false,
        text: [figure.dataset.high, figure.dataset.low],
        textStyle: { color: QUIET, ...type() },
        inRange: { color: SHADES },
      },
      series: [{
        type: "map",
        map: spec.map_url,
        nameProperty: "code",
        selectedMode: false,
        top: 8,
        bottom: 8,
        left: width > 40 * rem() ? 60 : 4,
        right: 4,
        preserveAspect: "contain",
        aspectScale: widths.get(spec.map_url),
        cursor: "pointer",
        itemStyle: { areaColor: LINE, borderColor: "#fff", borderWidth: 2 },
        emphasis: { label: { color: INK }, itemStyle: { areaColor: "#f3d9b1" } },
        data: spec.regions.map((one) => {
          const share = one.value === null ? 0 : (one.value - low + (high - low) * 0.35) / ((high - low) * 1.35);
          return {
            name: one.code,
            value: one.value === null ? NaN : one.value,
            label: share > LIGHT_SHADES
              ? { color: "#fff", textBorderColor: "rgba(10,50,47,0.6)", textBorderWidth: 2 }
              : { color: INK, textBorderColor: "rgba(255,255,255,0.8)", textBorderWidth: 2 },
          };
        }),
        label: { show: true, fontWeight: 600, lineHeight: (narrow ? 0.85 : 1.05) * rem(), formatter: label, ...type(narrow ? 0.7 : 0.8125) },
        labelLayout: { hideOverlap: true },
      }],
    };
  }

  const KINDS = { line, bar, map };

  // Bars on their side need a line each, or their numbers cover each other, and as many as their names.
  function room(spec, width) {
    if (spec.kind !== "bar" || spec.horizontal === false) return 0;
    const bars = spec.stacked ? 1 : spec.series.length;
    const named = Math.max(...spec.labels.map((label) => Math.ceil((breadth(label) * 1.3) / naming(width))));
    const each = Math.max(bars * 1.25, named * 1.05) + 0.3;
    return (spec.labels.length * each + (spec.series.length > 1 ? 2.4 : 1)) * rem();
  }

  function draw(chart, figure, spec, canvas) {
    const option = KINDS[spec.kind](spec, canvas.clientWidth, figure);
    chart.setOption({ animation: !still, animationDuration: 300, ...option }, true);
  }

  function lead(chart, spec) {
    chart.on("click", (point) => {
      const url = spec.kind === "map"
        ? (spec.regions.find((one) => one.code === point.name) || {}).url
        : (spec.urls || [])[point.dataIndex];
      if (url) location.assign(url);
    });
  }

  async function start(figure) {
    const spec = JSON.parse(document.querySelector(figure.dataset.chart).textContent);
    const canvas = figure.querySelector(".plot-canvas");
    if (spec.kind === "map" && !echarts.getMap(spec.map_url)) {
      const answer = await fetch(spec.map_url, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(`map ${answer.status}`);
      learn(spec.map_url, await answer.json());
    }
    canvas.style.minHeight = `${room(spec, canvas.clientWidth)}px`;
    const chart = echarts.init(canvas, null, { renderer: "canvas" });
    draw(chart, figure, spec, canvas);
    lead(chart, spec);
    new ResizeObserver(() => {
      if (!canvas.clientWidth) return;
      chart.resize();
      draw(chart, figure, spec, canvas);
    }).observe(canvas);
  }

  document.querySelectorAll("figure[data-chart]").forEach((figure) => {
    // Where a picture cannot be drawn the table takes its place.
    start(figure).catch(() => {
      figure.querySelector(".plot-canvas").hidden = true;
      figure.querySelector("details").open = true;
    });
  });
})();
