/**
 * Makes a sender's query safe to ride in a rendezvous address. The Java client decodes the whole query first, splits it
 * at `&` and `=` afterwards, and ends its control channel when a part falls into more than two, or into none (observed).
 * So of every `=` and `%3D` in a part only the first `=` stays; the others become `%253D`, which is `%3D` for an
 * application that decodes once. Exempt are those at the end of a value, where Base64 pads: Java loses them, unharmed.
 */
export function escapeEquals(rawQuery: string): string {
  return rawQuery.split('&').map(escapePart).join('&')
}

function escapePart(part: string): string {
  const equals = part.indexOf('=')
  if (equals < 0) return part.replaceAll(anyEquals, escapedEquals)
  const name = part.slice(0, equals).replaceAll(anyEquals, escapedEquals)
  const value = part.slice(equals + 1)
  const lead = value.slice(0, paddingStart(value))
  const padding = value.slice(lead.length)
  // What stands alone between ampersands once those are decoded falls into no part at all.
  const beginsAlone = name === '' || endsWithAmpersand.test(name)
  if (value === '' || beginsWithAmpersand.test(value)) {
    return beginsAlone ? name + escapeValue(value) : `${name}=${escapeValue(value)}`
  }
  const canPad = lead === '' ? !beginsAlone : !endsWithAmpersand.test(lead)
  return canPad ? `${name}=${escapeValue(lead)}${padding}` : `${name}=${escapeValue(value)}`
}

function escapeValue(value: string): string {
  return value.replaceAll(anyEquals, escapedEquals)
}

/** Where the `=` and `%3D` at the end begin. By a loop: a sender may send tens of thousands that are not at the end. */
function paddingStart(value: string): number {
  let start = value.length
  for (;;) {
    if (value[start - 1] === '=') start -= 1
    else if (value.slice(Math.max(0, start - 3), start).toLowerCase() === '%3d') start -= 3
    else return start
  }
}

const anyEquals = /=|%3D/gi
const escapedEquals = '%253D'
const beginsWithAmpersand = /^%26/
const endsWithAmpersand = /%26$/
