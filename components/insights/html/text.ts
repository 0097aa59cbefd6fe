const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it may stand in HTML, also in an attribute. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (each) => entities[each]);
}

/** A part that is only there where there is something to show. */
export function section(title: string, parts: readonly string[], note = ""): string {
  return parts.length === 0
    ? ""
    : `<section><h3>${escape(title)}</h3>${note && `<p class="note">${escape(note)}</p>`}${parts.join("\n")}</section>`;
}
