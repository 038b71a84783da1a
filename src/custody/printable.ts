/**
 * Text that somebody else wrote, for a person to read before deciding: what steers a terminal, makes a line of its own,
 * turns the direction of writing or cannot be seen, is shown as its number.
 */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, character => `\\u{${character.codePointAt(0)!.toString(16)}}`)
}
