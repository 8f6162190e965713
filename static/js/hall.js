// The hall's screen: who was just called stands out, and where somebody turned it on, a tone sounds.
(() => {
  "use strict";

  const SHINES = 15000;
  const TURNS = 8000; // a screen cannot be scrolled: more rooms than fit are shown in turns
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

  const rooms = () => [...place.querySelectorAll(".hall-room")];
  let first = 0;

  // The rooms from `first` on that fit; one that has just called somebody is among them.
  function arrange(turn) {
    const all = rooms();
    all.forEach((room) => (room.hidden = false));
    const fits = (room) => room.getBoundingClientRect().bottom + scrollY <= innerHeight;
    const most = Math.max(1, all.filter(fits).length);
    if (most >= all.length || innerWidth < 768) {
      first = 0;
      return;
    }
    if (turn) first += most;
    if (first >= all.length) first = 0;
    const called = all.findLastIndex((room) => room.classList.contains("is-new"));
    if (called >= 0) first = Math.floor(called / most) * most;
    all.forEach((room, index) => (room.hidden = index < first || index >= first + most));
  }
  arrange(false);
  setInterval(() => arrange(true), TURNS);
  addEventListener("resize", () => arrange(false));

  place.addEventListener("live:changed", () => {
    const present = new Set(calls().keys());
    const fresh = [...present].filter((call) => !known.has(call));
    known = present;
    fresh.forEach((call) => shining.set(call, Date.now() + SHINES));
    mark();
    arrange(false);
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
