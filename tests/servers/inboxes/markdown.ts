/**
 * Texts as Discord shows them.
 *
 * @see https://docs.discord.com/developers/reference#message-formatting
 * @module
 */

/** A text as it is shown. */
export interface Shown {
  /** What is to be read. */
  text: string;
  /** All markup that was in it, in order. */
  markup: string[];
}

/** What means more than itself, unless a backslash stands before it. */
const MARKUP =
  /\*\*|__|~~|\|\||[*_`]|<[@#:/ait][^>]*>|\[|https?:\/\/|^ *[#>-]/y;

/** Reads markdown. */
export function readMarkdown(source: string): Shown {
  const shown: Shown = { text: "", markup: [] };
  const text = source.trim();
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const block = /^```(?:[\w+-]*\n)?([\s\S]*?)\n?```/.exec(rest);
    const escaped = /^\\([^0-9A-Za-z\s])/.exec(rest);
    if (block) {
      shown.markup.push("```");
      // What has no width breaks up backticks, and is not seen.
      shown.text += block[1].replaceAll("\u200b", "");
      at += block[0].length;
    } else if (escaped) {
      shown.text += escaped[1];
      at += escaped[0].length;
    } else {
      MARKUP.lastIndex = 0;
      const isStart = at === 0 || text[at - 1] === "\n";
      const [found] = MARKUP.exec(rest) ?? [];
      const counts = found !== undefined &&
        (isStart || !/^ *[#>-]$/.test(found));
      if (counts) shown.markup.push(found);
      else shown.text += text[at];
      at += counts ? found.length : 1;
    }
  }
  return shown;
}
