"use strict";
// Without this script the page shows everything; with it, tables can be searched and sorted.
(() => {
  const text = new Intl.Collator("en", { numeric: true });

  class Table {
    constructor(section) {
      this.element = section.querySelector("table");
      this.body = this.element.tBodies[0];
      this.rows = [...this.body.rows];
      this.shown = this.rows;
      this.first = Number(this.element.dataset.first); // rows of a long table, until somebody asks for more
      this.all = false;
      this.status = section.querySelector("[role=status]");
      this.input = section.querySelector("input");
      this.searchable = null;
      section.querySelector(".search").hidden = false;
      this.more = this.makeMore(section);
      this.makeHeadings();
      this.input.addEventListener("input", () => this.search());
      this.show();
    }

    makeMore(section) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "all";
      button.addEventListener("click", () => {
        const next = this.shown[this.first];
        this.all = true;
        this.show();
        next.tabIndex = -1;
        next.focus();
      });
      section.append(button);
      return button;
    }

    makeHeadings() {
      [...this.element.tHead.rows[0].cells].forEach((heading, column) => {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = heading.textContent;
        heading.replaceChildren(button);
        button.addEventListener("click", () => this.sort(heading, column));
      });
    }

    search() {
      this.searchable ??= new Map(this.rows.map((row) => [row, row.textContent.toLowerCase()]));
      const words = this.input.value.toLowerCase().split(/\s+/).filter(Boolean);
      this.shown = this.rows.filter((row) => words.every((word) => this.searchable.get(row).includes(word)));
      this.show();
      this.status.textContent = words.length ? `${this.shown.length} of ${this.rows.length}` : "";
    }

    sort(heading, column) {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keyed = this.rows.map((row) => {
        const cell = row.cells[column];
        return [cell.dataset.key ?? cell.textContent, row];
      });
      keyed.sort((one, other) => text.compare(one[0], other[0]) * (down ? -1 : 1));
      this.rows = keyed.map((pair) => pair[1]);
      this.body.append(...this.rows);
      this.search();
    }

    show() {
      const seen = new Set(this.all ? this.shown : this.shown.slice(0, this.first));
      for (const row of this.rows) row.hidden = !seen.has(row);
      this.more.hidden = seen.size === this.shown.length;
      this.more.textContent = `Show all ${this.shown.length.toLocaleString("en")}`;
    }

    reveal(row) {
      this.input.value = "";
      this.all = true;
      this.search();
      row.scrollIntoView();
    }
  }

  const tables = [...document.querySelectorAll("section:has(> .scroll > table)")].map((one) => new Table(one));

  const follow = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const table = row && tables.find((one) => one.body === row.parentNode);
    if (table && row.hidden) table.reveal(row);
  };
  window.addEventListener("hashchange", follow);
  follow();
})();
