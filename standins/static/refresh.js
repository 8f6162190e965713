// Reload the page every few seconds, but never under the hands of somebody who is typing.
"use strict";

const seconds = Number(document.currentScript.dataset.seconds);
const typing = () => document.activeElement instanceof HTMLInputElement;

setInterval(() => {
  if (!typing() && !document.hidden) {
    location.reload();
  }
}, seconds * 1000);
