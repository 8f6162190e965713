// A place in a queue: taken and followed by the page's ticket, in place; where that does not do, the page is fetched anew.
(() => {
  "use strict";
  const queue = document.querySelector("[data-queue]");
  if (!queue || queue.dataset.stage === "done") return;
  const { queue: renewal, place, zone } = queue.dataset;
  let { ticket, stage } = queue.dataset;
  const join = document.querySelector("[data-join]");
  const reload = () => location.replace(location.href);

  const put = (selector, value) => {
    const found = document.querySelector(selector);
    if (found && value !== null) found.textContent = value.toLocaleString("en-US");
  };
  const stageOf = (state) => {
    if (state.admitted || state.phase === "over") return "done";
    if (state.number) return "number";
    return state.joined ? "waiting" : state.phase;
  };

  function show(state) {
    const now = stageOf(state);
    if (now !== stage) {
      const drawn = queue.querySelector(`template[data-stage="${now}"]`);
      if (!drawn) return reload();
      queue.querySelector(".card-body").replaceChildren(drawn.content.cloneNode(true));
      stage = now;
      if (join) join.hidden = true;
      document.querySelector("[data-joined]").hidden = false;
    }
    put("[data-waiting]", state.waiting);
    put("[data-number]", state.number);
    put("[data-before]", state.before);
    if (state.turn_at) put("[data-turn]", new Date(state.turn_at).toLocaleTimeString("en-GB", { timeZone: zone }));
    if (state.seed) {
      put("[data-seed]", state.seed);
      document.querySelector("[data-drawn]").hidden = false;
    }
    later(state.ask_again_seconds);
  }

  // Everybody waits a little differently, so that not all ask at the same moment; never too short.
  let timer;
  const later = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(ask, 1000 * (seconds + Math.random()));
  };

  const send = (address, options) => fetch(address, { credentials: "same-origin", redirect: "error", ...options });
  async function read(answer) {
    if (!answer.ok) throw new Error(`queue: ${answer.status}`);
    return answer.json();
  }

  // A ticket is good for minutes; by the session one gets another.
  async function look() {
    const answer = await send(place, { headers: { Ticket: ticket } });
    if (answer.status !== 403) return read(answer);
    const state = await read(await send(renewal));
    ticket = state.ticket;
    return state;
  }

  let failures = 0;
  async function ask() {
    try {
      const state = await look();
      failures = 0;
      show(state);
    } catch {
      // The place is kept; ask again, each time later.
      failures += 1;
      later(Math.min(30, 2 ** failures));
    }
  }

  join?.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const form = event.currentTarget;
    try {
      const headers = { Ticket: ticket, "X-CSRFToken": form.elements.csrf_token.value };
      show(await read(await send(place, { method: "POST", headers })));
    } catch {
      form.submit(); // says what is the matter, and takes the place without a ticket
    }
  });
  later(Number(queue.dataset.askAgain));
})();
