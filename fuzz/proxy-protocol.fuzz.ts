import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { it } from 'node:test'
import fc from 'fast-check'
import { maxProxyHeaderBytes, readProxyHeader } from '../packages/server/src/ingress/first-bytes/proxy-protocol.ts'
import { fuzzRun } from './fuzz-run.ts'

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

/** Random bytes alone would hardly ever get past the first check: most inputs are broken headers. */
const input = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .tuple(fc.constantFrom(0x20, 0x21, 0x22, 0x11), fc.nat(0xff), fc.nat(0xffff), fc.uint8Array({ maxLength: 300 }))
    .map(([command, family, length, rest]) =>
      Buffer.concat([signature, Uint8Array.of(command, family, length >> 8, length & 0xff), rest]),
    ),
  fc
    .tuple(fc.constantFrom(0x11, 0x12, 0x21, 0x22, 0x31, 0), fc.uint8Array({ maxLength: 300 }))
    .map(([family, rest]) =>
      Buffer.concat([signature, Uint8Array.of(0x21, family, rest.length >> 8, rest.length & 0xff), rest]),
    ),
  fc
    .array(
      fc.constantFrom(
        'TCP4',
        'TCP6',
        'UNKNOWN',
        ' ',
        '\r',
        '\n',
        '\r\n',
        '192.0.2.1',
        '::1',
        '::ffff:1.2.3.4',
        '0',
        '65535',
        '-1',
        '%',
      ),
      { maxLength: 30 },
    )
    .map((words) => Buffer.from(`PROXY ${words.join('')}`, 'latin1')),
  fc
    .tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(70_000), fc.nat(70_000))
    .map(([from, to, fromPort, toPort]) =>
      Buffer.from(`PROXY TCP${from.includes(':') ? 6 : 4} ${from} ${to} ${fromPort} ${toPort}\r\nGET / HTTP/1.1\r\n`),
    ),
)

it('any first bytes give the same answer in any chunking, within bounds', () => {
  fc.assert(
    fc.property(input, (bytes) => {
      const whole = readProxyHeader(bytes)
      for (let length = 0; length <= bytes.length; length++) {
        const partial = readProxyHeader(bytes.subarray(0, length))
        if (partial.kind !== 'incomplete') {
          assert.deepEqual(partial, whole)
          break
        }
        assert.ok(length < maxProxyHeaderBytes)
      }
      if (whole.kind === 'present') {
        assert.ok(whole.length > 0 && whole.length <= bytes.length)
        if (whole.source !== undefined) {
          assert.notEqual(isIP(whole.source.address), 0)
          assert.ok(whole.source.port >= 0 && whole.source.port <= 65_535)
        }
      }
    }),
    fuzzRun(),
  )
})
