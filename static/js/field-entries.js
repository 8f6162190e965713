// What is signed in a village: the text, the number on a paper, the chain of entries. Pure, but for
// chance and the clock; the server reckons the same (family_doctor/services/field_entries.py).
(() => {
  "use strict";

  const PLACE = /\{\{ *([a-z_]+) *\}\}/g;
  const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const CHECKS = "10X98765432";
  const ADULT = 18;

  const sha256 = async (text) => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    return [...new Uint8Array(digest)].map((each) => each.toString(16).padStart(2, "0")).join("");
  };

  // An id that grows with time (RFC 9562, version 7), as all ids of the portal.
  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    let time = Date.now();
    for (let place = 5; place >= 0; place -= 1) {
      bytes[place] = time % 256;
      time = Math.floor(time / 256);
    }
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    const hex = [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };

  // The day of a moment where the team is, as YYYY-MM-DD.
  const dayIn = (zone, at) => new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);

  const ageOn = (born, day) => {
    const years = Number(day.slice(0, 4)) - Number(born.slice(0, 4));
    return day.slice(5) < born.slice(5) ? years - 1 : years;
  };

  // GB 11643: the birth date of a number that can be one, else null.
  const bornBy = (number) => {
    const read = /^[0-9]{6}([0-9]{4})([0-9]{2})([0-9]{2})[0-9]{3}[0-9X]$/.exec(number);
    if (!read) return null;
    const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(number[place]), 0);
    const born = `${read[1]}-${read[2]}-${read[3]}`;
    const day = new Date(`${born}T00:00:00Z`);
    const exists = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(born);
    return exists && CHECKS[sum % 11] === number[17] ? born : null;
  };

  const textOf = (terms, textId, packCode, values) => {
    const text = terms.texts.find((each) => each.id === textId);
    const body = values.begins_on ? text.renewals[packCode] : text.bodies[packCode];
    return body.replace(PLACE, (_, place) => values[place]);
  };

  // Whether these may be the last four of the person's paper: the list has the beginning of a digest
  // only, by which no four can be found out. The server knows for sure.
  const tailFits = async (person, tail) =>
    (await sha256(`${person.person_id}\n${tail.toUpperCase()}`)).startsWith(person.tail_digest);

  // The next link of the chain behind `entries`.
  const link = async (terms, entries, id, signing) => {
    const last = entries[entries.length - 1];
    const number = entries.length + 1;
    const previous = last ? last.hash : terms.seed;
    const payload = JSON.stringify(signing);
    return { id, number, previous, payload, hash: await sha256(`${previous}\n${number}\n${payload}`) };
  };

  Object.assign(window.Field, { ADULT, ageOn, bornBy, dayIn, link, newId, sha256, tailFits, textOf });
})();
