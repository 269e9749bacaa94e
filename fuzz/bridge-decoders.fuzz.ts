import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseConfiguration } from '../packages/bridge/src/configuration/parse-configuration.ts'
import { mapRequestPath } from '../packages/bridge/src/http/map-request-path.ts'
import { parseHttpForward, parseLocalForward, parseRemoteForward } from '../packages/bridge/src/parse-forward.ts'
import { DatagramDecoder, encodeDatagram } from '../packages/carrier/src/tunnels/datagrams.ts'
import { encodePreamble, PreambleDecoder, PreambleReplyDecoder } from '../packages/carrier/src/tunnels/preamble.ts'
import { fuzzRun } from './fuzz-run.ts'

// Bytes of the far end and texts of the command line: decoders neither throw nor keep more than their bound, whatever the
// chunks; what was encoded is read back; specifications are read or refused with a RelayError.

const bytes = fc.uint8Array({ maxLength: 2_000 })
const chunked = fc.tuple(bytes, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }))

function* chunksOf(whole: Uint8Array, sizes: readonly number[]): Iterable<Uint8Array> {
  for (let at = 0, i = 0; at < whole.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1
    yield whole.subarray(at, at + size)
    at += size
  }
}

test('datagrams come out as they went in, whatever the chunks', () => {
  const property = fc.property(fc.array(bytes, { maxLength: 10 }), chunked, (datagrams, [, sizes]) => {
    const decoder = new DatagramDecoder()
    const got: number[][] = []
    for (const chunk of chunksOf(Buffer.concat(datagrams.map(encodeDatagram)), sizes)) {
      for (const datagram of decoder.push(chunk)) got.push([...datagram])
    }
    assert.deepEqual(
      got,
      datagrams.map((datagram) => [...datagram]),
    )
  })
  fc.assert(property, fuzzRun())
})

test('no bytes of a stranger make the preamble decoders throw', () => {
  const property = fc.property(chunked, ([whole, sizes]) => {
    const preamble = new PreambleDecoder()
    for (const chunk of chunksOf(whole, sizes)) if (preamble.push(chunk)) break
    const reply = new PreambleReplyDecoder('datagram')
    for (const chunk of chunksOf(whole, sizes)) if (reply.push(chunk)) break
  })
  fc.assert(property, fuzzRun())
})

test('a preamble is read back with what follows it', () => {
  const property = fc.property(fc.string({ maxLength: 60 }), chunked, (portName, [rest, sizes]) => {
    const decoder = new PreambleDecoder()
    const sent = Buffer.concat([...encodePreamble({ mode: 'datagram', portName }), rest])
    const tail: Uint8Array[] = []
    let read: ReturnType<PreambleDecoder['push']>
    for (const chunk of chunksOf(sent, sizes)) {
      if (read) tail.push(chunk)
      else read = decoder.push(chunk)
    }
    assert.deepEqual(read?.preamble, { mode: 'datagram', portName: Buffer.from(portName).toString() })
    assert.deepEqual([...Buffer.concat([read.rest, ...tail])], [...rest])
  })
  fc.assert(property, fuzzRun())
})

test('specifications are read or refused in words', () => {
  const pieces = fc.constantFrom(
    ...': ; / U 0 80 8000-8001 * a db http https .. . [::1] 127.0.0.1 /run/x.sock'.split(' '),
  )
  const specification = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''))
  const property = fc.property(fc.oneof(specification, fc.string({ unit: 'binary' })), (text) => {
    for (const parse of [parseLocalForward, parseRemoteForward, parseHttpForward]) {
      try {
        parse(text)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'InvalidConfiguration', String(error))
      }
    }
  })
  fc.assert(property, fuzzRun())
})

test('no path of a stranger leaves the base path', () => {
  const pieces = fc.constantFrom(...'/ // .. . %2e %2E%2e %2f \\ %5c web ? # http: a @ \r\n'.split(' '))
  const path = fc.array(pieces, { maxLength: 12 }).map((parts) => `/web/${parts.join('')}`)
  const property = fc.property(path, (url) => {
    const mapped = mapRequestPath(url, { relayName: 'web', basePath: '/base/' })
    if (mapped === undefined) return
    const seen = new URL(mapped, 'http://target.test')
    assert.equal(seen.host, 'target.test')
    assert.ok(seen.pathname.startsWith('/base/'), mapped)
  })
  fc.assert(property, fuzzRun())
})

test('configuration files are read or refused by line', () => {
  const lines = fc.constantFrom(
    ...['LocalForward:', 'RemoteForward:', '  - RelayName: a', '    BindPort: 1', '    HostPort: -53', '    Bindings:'],
    ...[
      '      - BindPort: 2',
      '      - HostPort: 1-5',
      '    Http: true',
      '    Path: ../x',
      '  - &a',
      '  - *a',
      '{',
      '[a',
    ],
    ...[
      'GatewayPorts: no',
      'AddressFamily: inet',
      'ConnectTimeout: 1e9',
      '? [a]',
      '__proto__: 1',
      '<<: *a',
      '- b',
      '"',
    ],
  )
  const text = fc.oneof(
    fc.array(lines, { maxLength: 12 }).map((parts) => parts.join('\n')),
    fc.string({ unit: 'binary', maxLength: 200 }),
  )
  const property = fc.property(text, (yaml) => {
    try {
      parseConfiguration(yaml, 'bridge.yml')
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'InvalidConfiguration', String(error))
      assert.match((error as Error).message, /^bridge\.yml:\d+:\d+ /)
    }
  })
  fc.assert(property, fuzzRun())
})
