"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

  const theme = document.getElementById("theme");
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => { theme.textContent = dark() ? "Light colours" : "Dark colours"; };
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; label(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  label();

  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const rows = all("tbody.requirement");
  form.hidden = false;

  const filter = () => {
    const want = Object.fromEntries(new FormData(form));
    const elsewhere = (element) => Boolean(want.cloud) && element.dataset.cloud !== want.cloud;
    all("main [data-cloud]").forEach((element) => { element.hidden = elsewhere(element); });
    all(".answer > td").forEach((cell) => {  // a cell that spans hidden columns would widen the table
      cell.colSpan = 2 + all("[data-outcome]", cell.closest("tbody")).filter((one) => !one.hidden).length;
    });
    let count = 0;
    rows.forEach((row) => {
      const framework = row.closest("[data-framework]").dataset.framework;
      const outcomes = all("[data-outcome]", row).filter((cell) => !cell.hidden).map((cell) => cell.dataset.outcome);
      row.hidden = (Boolean(want.framework) && framework !== want.framework)
        || (Boolean(want.outcome) && !outcomes.includes(want.outcome))
        || (Boolean(want.capability) && !row.dataset.capabilities.split(" ").includes(want.capability));
      count += row.hidden ? 0 : 1;
    });
    all(".group").forEach((group) => { group.hidden = !group.querySelector("tbody.requirement:not([hidden])"); });
    all(".framework").forEach((section) => { section.hidden = !section.querySelector("tbody.requirement:not([hidden])"); });
    all(".summary tbody tr").forEach((row) => {
      row.hidden = elsewhere(row) || (Boolean(want.framework) && row.dataset.framework !== want.framework);
    });
    all("[data-capability]").forEach((element) => {
      element.hidden = (Boolean(want.capability) && element.dataset.capability !== want.capability)
        || (Boolean(element.dataset.cloud) && elsewhere(element));
    });
    shown.textContent = `${count} of ${rows.length} requirements`;
  };
  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));

  // A link leads to something even when a filter hides it, and opens what is folded there.
  const arrive = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) { form.reset(); filter(); target.scrollIntoView(); }
    const folded = target.matches("tbody.requirement") ? target.querySelector("details") : null;
    if (folded) folded.open = true;
    if (target.matches("article")) target.focus();
  };
  addEventListener("hashchange", arrive);

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not([open])");
    opened.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((details) => { details.open = false; }));

  filter();
  arrive();
})();
