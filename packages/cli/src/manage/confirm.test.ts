import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { confirm } from './confirm.ts'

/** A terminal at which somebody types. */
function terminal(isTTY = true): {
  input: NodeJS.ReadStream
  output: NodeJS.WriteStream
  typed: PassThrough
  shown: () => string
} {
  const typed = new PassThrough()
  const output = new PassThrough()
  let shown = ''
  output.on('data', (chunk) => (shown += String(chunk)))
  return {
    input: Object.assign(typed, { isTTY, setRawMode: () => typed }) as unknown as NodeJS.ReadStream,
    output: Object.assign(output, { isTTY, columns: 80 }) as unknown as NodeJS.WriteStream,
    typed,
    shown: () => shown,
  }
}

test('yes goes on; anything else, nothing and Ctrl-C do not', async () => {
  for (const answer of ['y\r', 'YES\r']) {
    const { typed, shown, ...streams } = terminal()
    const asked = confirm('It is gone.', streams)
    typed.write(answer)
    await asked
    assert.match(shown(), /It is gone\. Go on\? \(y\/N\)/)
  }
  for (const answer of ['n\r', '\r', 'yess\r', '\u0003', '\u0004']) {
    const { typed, shown: _, ...streams } = terminal()
    const asked = confirm('It is gone.', streams)
    typed.write(answer)
    await assert.rejects(asked, { message: 'Nothing was done.' })
  }
})

test('a program is not asked', async () => {
  const { typed: _, shown, ...streams } = terminal(false)
  await confirm('It is gone.', streams)
  assert.equal(shown(), '')
})
