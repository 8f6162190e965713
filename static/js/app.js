// What every page needs beyond HTML. Everything here also works without it, only less comfortably.
(() => {
  "use strict";

  // Dialogs that ask before an act: the button names its dialog, and gets the focus back.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-ask]");
    if (opener) document.getElementById(opener.dataset.ask).showModal();
    if (event.target.closest("[data-ask-close]") || event.target.matches("dialog.ask")) {
      event.target.closest("dialog").close();
    }
  });

  // A list on paper; what only helps on the screen is left out by the style sheet.
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });

  // Filters apply as soon as they are chosen.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto-submit]");
    if (form && event.target.matches("select, [type=radio], [type=checkbox], [type=date]")) {
      form.requestSubmit();
    }
  });

  // One click, one act: the button keeps its words and shows that it works.
  const release = (button) => {
    button.removeAttribute("data-busy");
    button.removeAttribute("aria-disabled");
  };
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || event.target.method !== "post") return;
    if (button.hasAttribute("data-busy")) {
      event.preventDefault();
      return;
    }
    if (!navigator.onLine) {
      event.preventDefault();
      showOffline();
      return;
    }
    button.setAttribute("data-busy", "");
    button.setAttribute("aria-disabled", "true");
  });
  const releaseAll = () => document.querySelectorAll("[data-busy]").forEach(release);
  window.addEventListener("pageshow", releaseAll);
  document.addEventListener("htmx:afterRequest", releaseAll);

  // Without a network nothing typed is lost, and people are told so.
  const showOffline = () => {
    const notice = document.getElementById("offline");
    if (notice) notice.hidden = navigator.onLine;
  };
  showOffline(); // a page kept on the device opens without a network
  window.addEventListener("offline", showOffline);
  window.addEventListener("online", () => {
    showOffline();
    releaseAll();
  });

  // Menus and the side bar close on Escape and on a click beside them.
  const closeMenus = (except) => {
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });
  };
  const closeSide = () => {
    if (location.hash === "#side") location.hash = "#main";
  };
  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details[data-menu]"));
    if (!event.target.closest("#side, [data-side-open]")) closeSide();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details[data-menu][open]");
    if (open) open.querySelector("summary").focus();
    closeMenus(null);
    closeSide();
  });

  // On a phone the row of tabs slides; the chosen one is in sight.
  const chosen = document.querySelector(".head-tabs [aria-current]");
  if (chosen) chosen.scrollIntoView({ block: "nearest", inline: "center" });

  // After a refused form the reader starts at what went wrong.
  const wrong = document.querySelector("[data-focus]");
  if (wrong) wrong.focus();
})();
