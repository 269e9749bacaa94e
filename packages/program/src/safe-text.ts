// C0 and C1 controls, DEL, line separators, and what turns the direction of text around.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const unsafeInJson = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** A text that a terminal shows and never obeys: names and messages come from servers and strangers. */
export function safeText(text: string): string {
  return text.replace(unsafe, escapeCharacter)
}

/** The same for JSON, which has escaped the lower controls itself; it stays the same JSON. */
export function safeJson(json: string): string {
  return json.replace(unsafeInJson, escapeCharacter)
}

/** Whether a text has anything that a terminal could obey. */
export function isUnsafe(text: string): boolean {
  return text.search(unsafe) >= 0
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
