// The hall's screen: who was just called stands out, and where somebody turned it on, a tone sounds.
(() => {
  "use strict";

  const SHINES = 15000;
  const place = document.querySelector("[data-live]");
  const button = document.querySelector("[data-sound]");
  let sound = null;

  const calls = () => new Map([...place.querySelectorAll("[data-call]")].map((room) => [room.dataset.call, room]));
  let known = new Set(calls().keys());
  const shining = new Map(); // call → until when

  function ring() {
    if (!sound) return;
    [0, 0.25].forEach((after, index) => {
      const tone = sound.createOscillator();
      const loudness = sound.createGain();
      tone.frequency.value = index ? 660 : 880;
      loudness.gain.setValueAtTime(0.2, sound.currentTime + after);
      loudness.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + after + 0.5);
      tone.connect(loudness).connect(sound.destination);
      tone.start(sound.currentTime + after);
      tone.stop(sound.currentTime + after + 0.5);
    });
  }

  function mark() {
    const now = Date.now();
    calls().forEach((room, call) => room.classList.toggle("is-new", (shining.get(call) || 0) > now));
  }

  place.addEventListener("live:changed", () => {
    const present = new Set(calls().keys());
    const fresh = [...present].filter((call) => !known.has(call));
    known = present;
    fresh.forEach((call) => shining.set(call, Date.now() + SHINES));
    mark();
    if (fresh.length) {
      ring();
      setTimeout(mark, SHINES + 100);
    }
  });

  button.addEventListener("click", () => {
    if (sound) {
      sound.close();
      sound = null;
    } else {
      sound = new AudioContext();
      ring();
    }
    button.setAttribute("aria-pressed", String(Boolean(sound)));
    button.textContent = sound ? button.dataset.on : button.dataset.off;
  });
})();
