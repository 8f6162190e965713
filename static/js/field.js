// The tablet's page: one visit, opened by its PIN, signed resident by resident without a network.
(() => {
  "use strict";

  const { store, remote, ADULT, ageOn, bornBy, dayIn, link, newId, sha256, tailFits, textOf } = window.Field;
  const page = document.querySelector("[data-field]");
  const base = page.dataset.field;
  const one = (name, within = page) => within.querySelector(`[data-${name}]`);
  const texts = one("words").content;
  const word = (name, values = {}) =>
    Object.entries(values).reduce(
      (text, [place, value]) => text.replace(`{${place}}`, value),
      texts.querySelector(`[data-word="${name}"]`).textContent,
    );
  const form = (name) => page.querySelector(`[data-form=${name}]`);
  const english = document.documentElement.lang === "en";
  const yuan = (fen) => (fen / 100).toFixed(2);
  const moment = (text) => new Date(text).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

  // What is open: the visit, what it was loaded with, and what was signed.
  let visit = null;
  let list = [];
  let terms = null;
  let witness = null;
  let entries = [];
  // Whom the resident's screen is about, and what they were shown.
  let signer = null;

  const show = (name) => {
    for (const screen of page.querySelectorAll("[data-screen]")) screen.hidden = screen.dataset.screen !== name;
    window.scrollTo({ top: 0, behavior: "instant" });
  };
  const fail = (where, name, detail) => {
    const place = one("error", where);
    place.textContent = detail || (name ? word(name) : "");
    place.hidden = !place.textContent;
  };
  // One press, one act, whatever it waits for.
  const on = (name, act) => {
    const where = form(name);
    let busy = false;
    where.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      fail(where, "");
      try {
        await act(where, where.elements);
      } catch (error) {
        if (!error.kind) console.error(error);
        fail(where, error.kind === "refused" ? "" : error.kind || "not_kept", error.detail);
      } finally {
        busy = false;
      }
    });
  };
  const make = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });

  const read = async (opened) => {
    visit = opened;
    terms = await visit.read("terms");
    list = (await visit.read("list")) || [];
    witness = await visit.read("witness");
    entries = await visit.entries();
    if (!terms) await load();
    if (witness) showList();
    else show("witness");
  };

  const load = async () => {
    const { residents, ...rest } = await remote.load(base, visit);
    const until = { expires: Date.parse(rest.expires_at), until: Date.parse(rest.sync_until) };
    await visit.write("list", residents);
    await visit.write("terms", rest, until);
    terms = rest;
    list = residents;
  };

  const expired = () => Date.now() >= Date.parse(terms.expires_at);

  // ---- the list
  const signingOf = (entry) => JSON.parse(entry.payload);
  const row = (person, signed) => {
    const item = make("li", "", { className: "entry" });
    const about = make("div", "", { className: "entry-text" });
    about.append(make("div", person.name, { className: "entry-title" }));
    const age = ageOn(person.birth_date, dayIn(terms.zone, Date.now()));
    about.append(make("div", `${word(person.sex)} ${word("age", { n: age })}`, { className: "entry-note" }));
    const side = make("div", "", { className: "entry-side" });
    if (signed || (person.signed && !person.renewal)) side.append(make("span", word(signed ? "signed_now" : "signed_before"), { className: "quiet" }));
    else {
      const act = word(person.renewal ? "renew" : "sign");
      const button = make("button", act, { className: "btn", type: "button", disabled: expired() });
      button.setAttribute("aria-label", `${act} ${person.name}`);
      button.addEventListener("click", () => open(person));
      side.append(button);
    }
    item.append(about, side);
    return item;
  };
  const showList = () => {
    const asked = one("search").value.trim();
    const signed = new Set(entries.map((entry) => signingOf(entry).person_id));
    const found = list.filter((person) => person.name.includes(asked));
    one("people").replaceChildren(...found.map((person) => row(person, signed.has(person.person_id))));
    one("village").textContent = terms.village_name;
    one("lead", document).textContent = terms.team_name;
    const waiting = entries.filter((entry) => !entry.answer).length;
    one("count").textContent = word("count", { signed: entries.length, waiting });
    one("until").textContent = expired() ? word("expired") : word("until", { time: moment(terms.expires_at) });
    one("add").disabled = expired();
    show("list");
  };

  // ---- one resident
  const options = (select, choices, chosen) => {
    select.replaceChildren(...choices.map(([value, text]) => new Option(text, value, false, value === chosen)));
  };
  const write = () => {
    const { elements } = form("sign");
    const pack = terms.packs.find((each) => each.code === elements.pack_code.value);
    const [years, day] = [elements.years.value, dayIn(terms.zone, Date.now())];
    const name = signer.person ? signer.person.name : elements.name.value.trim();
    const textId = signer.person ? signer.person.text_id : terms.usual_text;
    const renewal = signer.person ? signer.person.renewal : null;
    const values = { contract_id: signer.id, resident: name, years, written_on: day };
    if (renewal) values.begins_on = renewal.begins_on;
    // What was bought before and goes on then; a list from before says nothing of it.
    const bought = ((signer.person && signer.person.extras) || []).filter((each) => each.until >= (values.begins_on || day));
    values.continuing = bought.map((each) => `\n${each.text}`).join("");
    Object.assign(signer, { day, textId, text: textOf(terms, textId, pack.code, values) });
    one("text").replaceChildren(...signer.text.split("\n").filter(Boolean).map((line) => make("p", line)));
    one("points").replaceChildren(
      make("li", word("team", { team: terms.team_name, institution: terms.institution_name })),
      make("li", word("pack", { pack: english ? pack.name_en : pack.name })),
      make("li", word("fee", { price: yuan(pack.price_fen), person: yuan(pack.person_fen) })),
      ...bought.map((each) => make("li", word("bought", { pack: english ? each.name_en : each.name, day: each.until }))),
      make("li", renewal ? word("term_renewed", { years, day: renewal.begins_on }) : word("term", { years })),
    );
  };
  const showBook = () => {
    one("book").hidden = form("sign").elements.evidence.value !== "household_book";
  };
  const standersOf = (person) => (person && person.standers) || [];
  const open = (person) => {
    const where = form("sign");
    signer = { person, id: newId() };
    where.reset();
    one("signature-clear", where).click();
    fail(where, "");
    one("new").hidden = Boolean(person);
    one("listed").hidden = !person;
    const renewal = person ? person.renewal : null;
    const offered = renewal ? terms.packs.filter((pack) => pack.code === renewal.pack_code) : terms.packs;
    const packs = offered.map((pack) => [pack.code, english ? pack.name_en : pack.name]);
    options(where.elements.pack_code, packs, renewal ? renewal.pack_code : terms.pack_code);
    const years = Array.from({ length: terms.longest_years }, (_, place) => String(place + 1));
    options(where.elements.years, years.map((each) => [each, each]), String(renewal ? renewal.years : terms.years));
    const standers = standersOf(person);
    one("standing").hidden = !standers.length;
    options(
      where.elements.stander,
      [["", word("choose_stander")], ...standers.map((each, place) => [String(place), `${each.name} ${word(each.relation)}`])],
      "",
    );
    one("who").textContent = person ? person.name : word("outsider");
    showBook();
    write();
    show("sign");
    one("who").focus();
  };

  // Who signs, by the paper that was seen: what the server is told, or the word for what is wrong.
  const identify = async (fields) => {
    if (!fields.evidence.value) return "no_evidence";
    const seen = { evidence: fields.evidence.value };
    if (seen.evidence === "household_book") {
      seen.evidence_number = fields.evidence_number.value.trim();
      if (seen.evidence_number.length < 2) return "no_book";
    }
    if (signer.person) {
      // The paper is of whoever signs: a child or ward has somebody who does.
      const standers = standersOf(signer.person);
      const stander = standers[fields.stander.value];
      if (standers.length && (!fields.stander.value || !stander)) return "no_stander";
      const by = stander || signer.person;
      const tail = fields.id_tail.value.trim().toUpperCase();
      if (!(await tailFits(by, tail))) return "tail_differs";
      const who = { ...seen, person_id: signer.person.person_id, name: signer.person.name };
      if (signer.person.renewal) who.renews = signer.person.renewal.contract_id;
      if (!stander) return { ...who, id_tail: tail };
      const { person_id, name, relation } = stander;
      return { ...who, signed_by: { person_id, name, relation, id_tail: tail } };
    }
    const [name, number] = [fields.name.value.trim(), fields.id_number.value.trim().toUpperCase()];
    const born = bornBy(number);
    if (name.length < 2) return "no_name";
    if (!born) return "bad_number";
    if (ageOn(born, dayIn(terms.zone, Date.now())) < ADULT) return "minor";
    if (entries.some((entry) => signingOf(entry).id_number === number)) return "twice";
    return { ...seen, name, id_number: number };
  };

  on("sign", async (where, fields) => {
    if (expired()) return fail(where, "expired");
    const who = await identify(fields);
    if (typeof who === "string") return fail(where, who);
    const identified = new Date().toISOString();
    if (!fields.agreed.checked) return fail(where, "not_agreed");
    const typed = fields.typed_name.value.trim();
    if (!fields.strokes.value && !typed) return fail(where, "no_strokes");
    if (typed && typed !== (who.signed_by || who).name) return fail(where, "name_differs");
    if (signer.day !== dayIn(terms.zone, Date.now())) {
      write();
      return fail(where, "new_day");
    }
    const signing = {
      ...who,
      text_id: signer.textId,
      pack_code: fields.pack_code.value,
      years: Number(fields.years.value),
      agreement_sha256: await sha256(signer.text),
      agreed: true,
      ...(typed ? { typed_name: typed } : { strokes: fields.strokes.value }),
      witness,
      identified_at: identified,
      signed_at: new Date().toISOString(),
    };
    const entry = await link(terms, entries, signer.id, signing);
    await visit.add(entry);
    entries.push({ ...entry, answer: null });
    showList();
  });

  // ---- bringing it back
  const failed = (error) => {
    const known = ["offline", "sign_in", "try_again", "chain_broken"].includes(error.kind);
    one("sync-said").textContent = error.kind === "refused" ? error.detail : word(known ? error.kind : "not_kept");
    one("sync-error").hidden = false;
    one("sync-link").hidden = error.kind !== "sign_in";
    if (error.kind === "sign_in") one("sync-link").href = error.url;
  };
  one("sync").addEventListener("click", async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    one("sync-error").hidden = true;
    try {
      entries = await remote.sync(base, visit, (sofar) => {
        entries = sofar;
        showList();
      });
      await remote.close(base, visit, entries, terms.seed);
      await store.wipe(visit.id);
      showDone();
    } catch (error) {
      if (!error.kind) console.error(error);
      entries = await visit.entries();
      showList();
      failed(error);
    } finally {
      button.disabled = false;
    }
  });
  const showDone = () => {
    const counts = new Map();
    for (const { answer } of entries) counts.set(answer, (counts.get(answer) || 0) + 1);
    const lines = [...counts].map(([outcome, count]) => word("summary", { outcome: word(`outcome_${outcome}`), count }));
    one("summary").replaceChildren(...lines.map((line) => make("li", line)));
    visit = terms = witness = null;
    list = entries = [];
    show("done");
  };

  // ---- getting in
  const pin = (text) => /^[0-9]{6,12}$/.test(text);
  let wanted = new URLSearchParams(location.search).get("visit");

  on("load", async (where, fields) => {
    if (!pin(fields.pin.value)) return fail(where, "pin_short");
    if (fields.pin.value !== fields.again.value) return fail(where, "pin_differs");
    // A package that did not come is asked for by the same word again.
    const kept = await store.find(wanted);
    const opened = kept ? await store.unlock(kept, fields.pin.value) : await store.create(wanted, fields.pin.value);
    if (!opened) return fail(where, "pin_wrong");
    if (navigator.storage && navigator.storage.persist) await navigator.storage.persist();
    await read(opened);
    where.reset();
  });
  on("unlock", async (where, fields) => {
    const opened = await store.unlock(await store.find(wanted), fields.pin.value);
    if (!opened) return fail(where, "pin_wrong");
    await read(opened);
    where.reset();
  });
  on("witness", async (where, fields) => {
    if (!fields.strokes.value) return fail(where, "no_strokes");
    await visit.write("witness", fields.strokes.value);
    witness = fields.strokes.value;
    showList();
  });
  const enter = async () => {
    await store.tidy();
    const kept = await store.all();
    const record = kept.find((each) => each.id === wanted);
    if (record) return show(record.terms ? "unlock" : "load");
    if (wanted) return show("load");
    one("visits-kept").replaceChildren(
      ...kept.map((each) => {
        const label = word("open_visit", { time: each.expires ? moment(each.expires) : "…" });
        const button = make("button", label, { className: "btn", type: "button" });
        button.addEventListener("click", () => {
          wanted = each.id;
          enter();
        });
        const item = make("li", "", { className: "entry" });
        item.append(button);
        return item;
      }),
    );
    one("none").hidden = kept.length > 0;
    return show("choose");
  };

  one("add").addEventListener("click", () => open(null));
  one("back").addEventListener("click", showList);
  one("lock").addEventListener("click", () => location.reload());
  one("search").addEventListener("input", showList);
  for (const name of ["pack_code", "years", "name"]) form("sign").elements[name].addEventListener("input", write);
  for (const choice of form("sign").elements.evidence) choice.addEventListener("change", showBook);

  // ---- without a network
  const status = (name) => {
    one("status").textContent = word(name);
  };
  if (navigator.serviceWorker) {
    status("preparing");
    navigator.serviceWorker
      .register(page.dataset.worker, { scope: base })
      .then(() => navigator.serviceWorker.ready)
      .then(() => status("ready"), () => status(navigator.serviceWorker.controller ? "ready" : "unsupported"));
  } else status("unsupported");
  enter();
})();
