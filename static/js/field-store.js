// What a tablet keeps of a visit: in IndexedDB, everything that says anything about anybody
// encrypted (AES-GCM) with a key that is derived from the PIN and never written down. Without the
// PIN nothing can be read, and nothing be brought back: that is the price.
(() => {
  "use strict";

  const DATABASE = "kangqiao-field";
  // As OWASP asks of PBKDF2 with SHA-256.
  const ITERATIONS = 600000;
  const words = new TextEncoder();

  const opened = new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("visits", { keyPath: "id" });
      asked.result.createObjectStore("entries", { keyPath: ["visit", "number"] });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  opened.catch(() => {});

  // Done when it is on the disk, not when it was asked for.
  const work = async (stores, mode, act) => {
    const transaction = (await opened).transaction(stores, mode, { durability: "strict" });
    return new Promise((resolve, reject) => {
      const asked = act(transaction);
      transaction.oncomplete = () => resolve(asked && asked.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  };
  const ofVisit = (id) => IDBKeyRange.bound([id, 0], [id, Infinity]);

  const derive = async (pin, salt, iterations) => {
    const secret = await crypto.subtle.importKey("raw", words.encode(pin), "PBKDF2", false, ["deriveKey"]);
    return crypto.subtle.deriveKey(
      { name: "PBKDF2", hash: "SHA-256", salt, iterations },
      secret,
      { name: "AES-GCM", length: 256 },
      false,
      ["encrypt", "decrypt"],
    );
  };
  // `place` goes into the seal: what was written for one place opens in no other.
  const seal = async (key, place, value) => {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = words.encode(JSON.stringify(value));
    const how = { name: "AES-GCM", iv, additionalData: words.encode(place) };
    return { iv, data: await crypto.subtle.encrypt(how, key, plain) };
  };
  const unseal = async (key, place, sealed) => {
    const how = { name: "AES-GCM", iv: sealed.iv, additionalData: words.encode(place) };
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(how, key, sealed.data)));
  };

  const hex = (bytes) => [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
  const put = (visit) => work(["visits"], "readwrite", (t) => t.objectStore("visits").put(visit));
  const find = (id) => work(["visits"], "readonly", (t) => t.objectStore("visits").get(id));
  const all = () => work(["visits"], "readonly", (t) => t.objectStore("visits").getAll());
  const rows = (id) => work(["entries"], "readonly", (t) => t.objectStore("entries").getAll(ofVisit(id)));

  const wipe = (id) =>
    work(["visits", "entries"], "readwrite", (t) => {
      t.objectStore("visits").delete(id);
      t.objectStore("entries").delete(ofVisit(id));
    });

  // Past its term the list goes; what was signed stays until it can be taken in no more.
  const tidy = async () => {
    const now = Date.now();
    for (const visit of await all()) {
      if (visit.until && now >= visit.until) await wipe(visit.id);
      else if (visit.expires && now >= visit.expires && visit.list) await put({ ...visit, list: null });
    }
  };

  // A visit that is opened: its key lives as long as the page does.
  class Visit {
    constructor(record, key, device) {
      this.record = record;
      this.key = key;
      this.device = device;
      this.id = record.id;
    }

    async keep(fields) {
      const changed = { ...this.record, ...fields };
      await put(changed);
      this.record = changed;
    }

    async read(name) {
      return this.record[name] ? unseal(this.key, `${this.id} ${name}`, this.record[name]) : null;
    }

    async write(name, value, fields = {}) {
      await this.keep({ ...fields, [name]: await seal(this.key, `${this.id} ${name}`, value) });
    }

    // Entries in their order: {number, id, previous, hash, payload, answer}.
    async entries() {
      const kept = await rows(this.id);
      return Promise.all(
        kept.map(async (row) => ({
          ...(await unseal(this.key, `${this.id} ${row.number}`, row)),
          number: row.number,
          answer: row.answer,
        })),
      );
    }

    // Never over another: a second page of the same visit fails here.
    async add(entry) {
      const sealed = await seal(this.key, `${this.id} ${entry.number}`, entry);
      const row = { visit: this.id, number: entry.number, answer: null, ...sealed };
      await work(["entries"], "readwrite", (t) => t.objectStore("entries").add(row));
    }

    async answered(items) {
      const kept = await rows(this.id);
      await work(["entries"], "readwrite", (t) => {
        for (const item of items) {
          const row = kept.find((each) => each.number === item.number);
          if (row) t.objectStore("entries").put({ ...row, answer: item.outcome });
        }
      });
    }
  }

  const create = async (id, pin) => {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const key = await derive(pin, salt, ITERATIONS);
    const device = hex(crypto.getRandomValues(new Uint8Array(32)));
    const record = { id, salt, iterations: ITERATIONS, list: null, terms: null, witness: null };
    record.device = await seal(key, `${id} device`, device);
    await put(record);
    return new Visit(record, key, device);
  };

  // Null where the PIN is not that of the visit.
  const unlock = async (record, pin) => {
    const key = await derive(pin, record.salt, record.iterations);
    try {
      return new Visit(record, key, await unseal(key, `${record.id} device`, record.device));
    } catch {
      return null;
    }
  };

  window.Field = { store: { all, create, find, tidy, unlock, wipe } };
})();
