// A field that is signed in by finger, pen or mouse: what is drawn goes along as path data of whole
// numbers in a field of 600 by 200, whatever its size on the screen. Without a pointer the name is
// typed instead; the one empties the other.
(() => {
  "use strict";

  const WIDTH = 600;
  const HEIGHT = 200;
  // Closer points add nothing that is seen; more letters than this are not taken.
  const STEP = 3;
  const LONGEST = 11900;

  const whole = (value, most) => Math.max(0, Math.min(most, Math.round(value)));
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  for (const box of document.querySelectorAll("[data-signature]")) {
    const canvas = box.querySelector("canvas");
    const kept = box.querySelector("input[name=strokes]");
    const typed = box.querySelector("input[name=typed_name]");
    const clear = box.querySelector("[data-signature-clear]");
    const pen = canvas.getContext("2d");
    let path = kept.value;
    let stroke = null;

    const show = () => {
      pen.clearRect(0, 0, canvas.width, canvas.height);
      pen.lineWidth = 5;
      pen.lineCap = pen.lineJoin = "round";
      pen.strokeStyle = colour("--ink") || "#16302e";
      pen.stroke(new Path2D(path + (stroke || "")));
      box.classList.toggle("is-signed", Boolean(path || stroke));
    };
    const point = (event) => {
      const field = canvas.getBoundingClientRect();
      return [
        whole(((event.clientX - field.left) / field.width) * WIDTH, WIDTH),
        whole(((event.clientY - field.top) / field.height) * HEIGHT, HEIGHT),
      ];
    };
    const empty = () => {
      path = kept.value = "";
      stroke = null;
      show();
    };

    let last = [0, 0];
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || path.length > LONGEST) return;
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      typed.value = "";
      last = point(event);
      stroke = `M${last[0]} ${last[1]}`;
    });
    canvas.addEventListener("pointermove", (event) => {
      if (stroke === null || path.length + stroke.length > LONGEST) return;
      const now = point(event);
      if (Math.abs(now[0] - last[0]) + Math.abs(now[1] - last[1]) < STEP) return;
      last = now;
      stroke += `L${now[0]} ${now[1]}`;
      show();
    });
    const end = () => {
      // A point alone is no stroke.
      if (stroke !== null && stroke.includes("L")) path += stroke;
      stroke = null;
      kept.value = path;
      show();
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    clear.addEventListener("click", empty);
    typed.addEventListener("input", () => {
      if (typed.value && path) empty();
    });
    show();
  }
})();
