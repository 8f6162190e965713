// Between the tablet and the server: the package comes, entries go back a few at a time. An entry
// keeps its id, so that a request whose answer was lost is simply made again.
(() => {
  "use strict";

  const BATCH = 10;
  const ANSWERED = (outcome) => outcome !== "try_again" && outcome !== "chain_broken";

  // `kind`: offline, sign_in (with `url`), refused (with `detail`), try_again or chain_broken.
  class SyncError extends Error {
    constructor(kind, more = {}) {
      super(kind);
      Object.assign(this, { kind }, more);
    }
  }

  const ask = async (url, options) => {
    let answer;
    try {
      answer = await fetch(url, { redirect: "manual", cache: "no-store", ...options });
    } catch {
      throw new SyncError("offline");
    }
    if (answer.type === "opaqueredirect") throw new SyncError("sign_in", { url: location.href });
    const read = (answer.headers.get("Content-Type") || "").startsWith("application/json");
    const body = read ? await answer.json().catch(() => null) : null;
    if (answer.ok && body) return body;
    if (body && body.url) throw new SyncError("sign_in", body);
    if (body) throw new SyncError("refused", body);
    throw new SyncError("offline");
  };

  // The page may be older than the session: its token is asked for anew.
  const post = async (base, path, body) => {
    const session = await ask(`${base}session`, {});
    return ask(`${base}${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": session.token },
      body: JSON.stringify(body),
    });
  };

  const load = (base, visit) => post(base, `${visit.id}/load`, { device: visit.device });

  // Sends what has no answer yet; `told` hears of each batch. Gives all entries with their answers.
  const sync = async (base, visit, told) => {
    const entries = await visit.entries();
    const waiting = entries.filter((entry) => !entry.answer);
    while (waiting.length) {
      const batch = waiting.splice(0, BATCH);
      const sent = batch.map(({ id, number, previous, hash, payload }) => ({ id, number, previous, hash, payload }));
      const answer = await post(base, `${visit.id}/entries`, { device: visit.device, entries: sent });
      const kept = answer.items.filter((item) => ANSWERED(item.outcome));
      await visit.answered(kept);
      for (const item of kept) entries.find((entry) => entry.number === item.number).answer = item.outcome;
      told(entries);
      if (kept.length < batch.length) throw new SyncError(answer.items[answer.items.length - 1].outcome);
    }
    return entries;
  };

  const close = (base, visit, entries, seed) => {
    const last = entries[entries.length - 1];
    const hash = last ? last.hash : seed;
    return post(base, `${visit.id}/close`, { device: visit.device, entries: entries.length, hash });
  };

  Object.assign(window.Field, { remote: { close, load, sync } });
})();
