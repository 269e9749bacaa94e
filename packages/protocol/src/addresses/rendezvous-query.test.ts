import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { escapeEquals } from './rendezvous-query.ts'

/** What Java's String.split makes of a text: trailing empty pieces are dropped, a text without separator is one piece. */
function javaSplit(text: string, separator: string): string[] {
  const pieces = text.split(separator)
  if (pieces.length === 1) return pieces
  while (pieces.at(-1) === '') pieces.pop()
  return pieces
}

/** The Java client decodes the whole query, then splits; anything but one or two pieces ends its control channel. */
function survivesJava(query: string): boolean {
  const decoded = query.replaceAll(/%([0-7][0-9a-f])/gi, (_escape, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  )
  return javaSplit(decoded, '&').every((pair) => [1, 2].includes(javaSplit(pair, '=').length))
}

const cases: readonly (readonly [typed: string, escaped: string])[] = [
  ['', ''],
  ['x', 'x'],
  ['x=1&y=2&&z', 'x=1&y=2&&z'],
  ['x=a=b', 'x=a%253Db'],
  ['x=a%3Db&y=%3d1', 'x=a%253Db&y=%253D1'],
  ['a%3Db=c', 'a%253Db=c'],
  ['a%3Db', 'a%253Db'],
  ['token=YWJj==', 'token=YWJj=='],
  ['token=YWJj%3D%3D', 'token=YWJj%3D%3D'],
  ['x==', 'x=='],
  ['=x', '=x'],
  ['=', ''],
  ['==', '=%253D'],
  ['a%26=', 'a%26'],
  ['a%26=%26b', 'a%26%26b'],
  ['x=%26%3D', 'x=%26%253D'],
  ['x=a%26b', 'x=a%26b'],
]

for (const [typed, escaped] of cases) {
  test(`for a Java listener "${typed}" becomes "${escaped}"`, () => {
    assert.equal(escapeEquals(typed), escaped)
    assert.equal(survivesJava(escaped), true)
  })
}

test('the model of the Java client breaks over what it broke over', () => {
  for (const query of ['x=a=b', 'x=a%3Db', '=', 'a%26=']) assert.equal(survivesJava(query), false, query)
  assert.equal(survivesJava('x=abc=='), true)
})

test('whatever a sender types, a Java listener survives it', () => {
  const piece = fc.constantFrom('=', '%3D', '%3d', '&', '%26', 'a', '%2541', '+')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const escaped = escapeEquals(pieces.join(''))
      assert.equal(survivesJava(escaped), true, escaped)
    }),
    { numRuns: 3000 },
  )
})

test('a sender whose query is full of equals signs holds nobody up', () => {
  const beganMs = performance.now()
  escapeEquals(`x=${'='.repeat(60_000)}y`)
  assert.ok(performance.now() - beganMs < 500)
})
