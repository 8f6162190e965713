// Lets the tablet's page open without a network. It knows that page and its files only, keeps
// nothing of anybody, and asks the network first: what is kept is for when that does not answer.
"use strict";

const CACHE = "kangqiao-field";
const PAGE = "/family-doctor/tablet/";
// How long the network may take before the kept file is shown.
const PATIENCE = 4000;
const FILES = [
  PAGE,
  "/static/brand/mark.svg",
  "/static/vendor/tabler.min.css",
  "/static/vendor/htmx.min.js",
  "/static/vendor/icons.svg",
  "/static/css/tokens.css",
  "/static/css/app.css",
  "/static/css/shell.css",
  "/static/css/ui.css",
  "/static/css/noscript.css",
  "/static/js/app.js",
  "/static/js/signature.js",
  "/static/js/field-store.js",
  "/static/js/field-entries.js",
  "/static/js/field-sync.js",
  "/static/js/field.js",
];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

const fromNetwork = async (request, kept) => {
  const answer = await fetch(request);
  // A redirect leads to the sign-in: that is not the page.
  if (answer.ok && !answer.redirected) {
    const cache = await caches.open(CACHE);
    await cache.put(kept, answer.clone());
  }
  return answer;
};

const answer = async (request, kept) => {
  const found = await caches.match(kept);
  const network = fromNetwork(request, kept);
  if (!found) return network;
  const late = new Promise((resolve) => setTimeout(() => resolve(found), PATIENCE));
  return Promise.race([network.catch(() => found), late]);
};

self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || !FILES.includes(pathname)) return;
  event.respondWith(answer(event.request, pathname));
});
