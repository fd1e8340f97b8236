"use strict";
// What a page does beyond HTML: the error summary has the focus, and a second click sends nothing.
document.getElementById("errors")?.focus();
for (const form of document.forms) {
  let sent = 0;
  form.addEventListener("submit", (event) => {
    if (sent && Date.now() - sent < 5000) event.preventDefault();
    sent = Date.now();
  });
}
