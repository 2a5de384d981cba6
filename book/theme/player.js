// Steps through a recorded run. The page has the run as a table already; without this script the table is all there is.
//
// A player is `<div class="player">` with a table, one row a step, and a JSON script that says what was the case after each
// step (its form: book/figures/src/player/states.rs). All words come from there: this script has none of its own.
"use strict";

(() => {
  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };

  const filled = (sentence, ...words) => sentence.replace(/\{(\d)\}/g, (_, at) => words[at]);

  class Player {
    constructor(place) {
      this.place = place;
      this.table = place.querySelector(".player-table");
      const data = JSON.parse(place.querySelector(".player-data").textContent);
      this.labels = data.labels;
      this.sections = data.states.sections;
      this.rows = data.states.rows;
      // Of each step, by the number of the section: the rows of what is another than before.
      this.changes = data.states.steps;
      this.states = unfolded(this.changes);
      this.steps = [...this.table.querySelectorAll("tbody > tr")];
      this.at = 0;
      this.build();
      this.show(0);
    }

    /** The stepper, which comes before the table. */
    build() {
      const name = this.place.dataset.run;
      this.stepper = element("div", { class: "player-stepper", role: "group", tabindex: "0", "aria-label": `${this.labels.player}: ${name}` });
      this.buttons = {};
      const bar = element("div", { class: "player-bar" });
      const moves = { first: () => 0, back: () => this.at - 1, next: () => this.at + 1, last: () => this.steps.length };
      for (const [move, target] of Object.entries(moves)) {
        const button = element("button", { type: "button", class: `player-${move}` }, this.labels[move]);
        button.addEventListener("click", () => this.show(target()));
        this.buttons[move] = button;
        bar.append(button);
      }
      this.range = element("input", { type: "range", min: "0", max: String(this.steps.length), value: "0", "aria-label": this.labels.step });
      this.range.addEventListener("input", () => this.show(Number(this.range.value)));
      bar.append(this.range);
      this.count = element("p", { class: "player-count", "aria-live": "polite", "aria-atomic": "true" });
      this.call = element("div", { class: "player-step" });
      this.panes = element("div", { class: "player-panes" });
      this.stepper.append(bar, this.count, this.call, this.panes);
      this.stepper.addEventListener("keydown", (event) => this.key(event));
      const toggle = element("button", { type: "button", class: "player-toggle", "aria-expanded": "false" }, this.labels.table);
      toggle.addEventListener("click", () => {
        this.table.hidden = !this.table.hidden;
        toggle.setAttribute("aria-expanded", String(!this.table.hidden));
      });
      this.table.hidden = true;
      this.table.before(this.stepper, toggle);
      this.place.classList.add("player-live");
    }

    /** Arrow keys, when the player has the focus. The slider knows them by itself, and a page turns at none of them. */
    key(event) {
      const moves = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: this.steps.length };
      if (!(event.key in moves) || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) {
        return;
      }
      // mdBook turns the page at the same keys.
      event.stopPropagation();
      if (event.target === this.range) {
        return;
      }
      event.preventDefault();
      this.show(moves[event.key]);
    }

    show(wanted) {
      const last = this.steps.length;
      this.at = Math.min(Math.max(wanted, 0), last);
      this.range.value = String(this.at);
      const where = this.at === 0 ? this.labels.start : filled(this.labels.of, this.at, last);
      this.range.setAttribute("aria-valuetext", where);
      // A button that can do nothing keeps its place in the order of the focus.
      for (const [move, stop] of [["first", 0], ["back", 0], ["next", last], ["last", last]]) {
        this.buttons[move].setAttribute("aria-disabled", String(this.at === stop));
      }
      this.describe(where);
      this.fill();
      this.table.querySelector("tr[aria-current]")?.removeAttribute("aria-current");
      this.steps[this.at - 1]?.setAttribute("aria-current", "step");
    }

    /** The call, who made it, why, and where it is written: the cells of its row, in a list. */
    describe(where) {
      const cells = this.at === 0 ? [] : [...this.steps[this.at - 1].cells];
      // Those who see it read the rest below; the others hear it at once.
      const rest = cells.length ? `: ${cells[2].textContent}. ${cells[3].textContent}` : "";
      this.count.replaceChildren(where, element("span", { class: "player-heard" }, rest));
      const heads = [...this.table.querySelectorAll("thead th")];
      const list = element("dl");
      for (let at = 1; at < cells.length; at += 1) {
        const copy = element("dd", { class: cells[at].className });
        copy.append(...[...cells[at].childNodes].map((node) => node.cloneNode(true)));
        list.append(element("div", {}, element("dt", {}, heads[at].textContent), copy));
      }
      this.call.replaceChildren(list);
    }

    /** What the step has changed, before and after it; and below, what it has left as it was. */
    fill() {
      const now = this.states[this.at];
      const all = this.sections.map((_, at) => at);
      if (this.at === 0) {
        this.panes.replaceChildren(this.pane("same", this.labels.start, all, now, null));
        return;
      }
      const before = this.states[this.at - 1];
      const changed = all.filter((at) => at in this.changes[this.at]);
      const same = all.filter((at) => !changed.includes(at) && now[at]?.length);
      const panes = [];
      if (changed.length) {
        panes.push(this.pane("before", this.labels.before, changed, before, now, this.labels.gone));
        panes.push(this.pane("after", this.labels.after, changed, now, before, this.labels.new));
      }
      if (same.length) {
        panes.push(this.pane("same", this.labels.same, same, now, null));
      }
      this.panes.replaceChildren(...panes);
    }

    pane(name, title, sections, state, other, word) {
      const pane = element("div", {
        class: `player-pane player-${name}`,
        role: "group",
        tabindex: "0",
        "aria-label": `${title}: ${this.place.dataset.run}`,
      });
      pane.append(element("p", { class: "player-title" }, title));
      const rows = (of, at) => (of[at] ?? []).map((number) => this.rows[number]);
      for (const at of sections) {
        pane.append(this.section(this.sections[at], rows(state, at), other ? rows(other, at) : null, word));
      }
      return pane;
    }

    section(section, rows, others, word) {
      const head = element("tr", {}, ...section.columns.map((column) => element("th", { scope: "col" }, column)));
      const body = element("tbody");
      for (const [key, ...cells] of rows) {
        const same = others?.find((row) => row[0] === key);
        const line = element("tr");
        cells.forEach((cell, at) => {
          const isOther = Boolean(same) && same[at + 1] !== cell;
          const made = element(at === 0 ? "th" : "td", at === 0 ? { scope: "row" } : {}, cell);
          if (isOther || (others && !same && at === 0)) {
            made.append(" ", element("mark", {}, isOther ? this.labels.changed : word));
          }
          made.classList.toggle("player-other", isOther || Boolean(others && !same));
          line.append(made);
        });
        body.append(line);
      }
      if (rows.length === 0) {
        body.append(element("tr", {}, element("td", { colspan: String(section.columns.length) }, this.labels.none)));
      }
      return element("table", { class: `player-${section.id}` }, element("caption", {}, section.title), element("thead", {}, head), body);
    }
  }

  /** Each state whole: what is not told is as before. */
  const unfolded = (steps) => {
    let known = {};
    return steps.map((step) => (known = { ...known, ...step }));
  };

  const start = () => {
    for (const place of document.querySelectorAll(".player:not(.player-live)")) {
      new Player(place);
    }
  };

  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
