// How much of a held place's time is left; the page says until when without it. Counted from the
// server's clock, as a phone's own may be wrong; when it is over, the page is asked for anew.
(() => {
  "use strict";

  const two = (number) => String(number).padStart(2, "0");
  for (const place of document.querySelectorAll("[data-countdown]")) {
    const end = performance.now() + (new Date(place.dataset.countdown) - new Date(place.dataset.now));
    const tick = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      place.textContent = left
        ? place.dataset.left.replace("{left}", `${Math.floor(left / 60)}:${two(left % 60)}`)
        : place.dataset.over;
      if (left) return;
      clearInterval(timer);
      setTimeout(() => location.reload(), 1000);
    };
    const timer = setInterval(tick, 1000);
    tick();
  }
})();
