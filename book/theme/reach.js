// What mdBook's pages lack for those who use the keyboard or hear a page: found by axe-core, and tried by it in the tests.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  // The bar at the top is a part of the page that can be jumped to.
  document.getElementById("mdbook-menu-bar")?.setAttribute("role", "banner");

  // What opens and closes the table of contents is a label, which no key reaches: a button is put in its place.
  const label = document.getElementById("mdbook-sidebar-toggle");
  if (label) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = label.className;
    for (const name of ["title", "aria-label", "aria-controls"]) {
      button.setAttribute(name, label.getAttribute(name) ?? "");
    }
    button.append(...label.childNodes);
    button.addEventListener("click", () => label.click());
    const mirror = () => button.setAttribute("aria-expanded", label.getAttribute("aria-expanded") ?? "false");
    new MutationObserver(mirror).observe(label, { attributes: true });
    mirror();
    label.style.display = "none";
    label.before(button);
  }

  // What can be scrolled by the mouse can be scrolled by the keyboard.
  const reach = () => {
    for (const box of document.querySelectorAll("main pre > code, main .table-wrapper")) {
      if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) {
        box.setAttribute("tabindex", "0");
      }
    }
  };
  reach();
  window.addEventListener("load", reach);
  window.addEventListener("resize", reach);
  document.addEventListener("toggle", reach, true);
});
