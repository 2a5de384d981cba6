// The way to the other language leads to the place where one reads. Both editions have the same anchors.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const links = [...document.querySelectorAll("a.language")].map((link) => ({ link, page: link.getAttribute("href") }));

  /** The anchor of the address while its place is in sight, or that of the last heading above what one reads. */
  const here = () => {
    const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const top = named?.getBoundingClientRect().top ?? -1;
    if (named && top >= 0 && top < window.innerHeight) {
      return named.id;
    }
    // At its end a page scrolls no further.
    const isEnd = window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 2;
    const line = isEnd ? window.innerHeight : window.innerHeight / 3;
    const headings = [...document.querySelectorAll("main :is(h2, h3, h4, h5)[id], main section[id]")];
    return headings.filter((heading) => heading.getBoundingClientRect().top < line).pop()?.id;
  };

  const aim = () => {
    const anchor = here();
    for (const { link, page } of links) {
      link.setAttribute("href", anchor ? `${page}#${encodeURIComponent(anchor)}` : page);
    }
  };
  // Before it is followed, by mouse or keyboard, or opened elsewhere.
  for (const { link } of links) {
    for (const event of ["pointerover", "focus", "pointerdown", "click"]) {
      link.addEventListener(event, aim);
    }
  }
});
