import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { maxProxyHeaderBytes, type ProxyHeader, readProxyHeader } from './proxy-protocol.ts'

const signature = '0d0a0d0a000d0a515549540a'
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const line = (text: string): Buffer => Buffer.from(text, 'latin1')

/** As a socket would: all bytes so far, one more each time, until there is an answer. */
function readByteByByte(bytes: Uint8Array): { header: ProxyHeader; read: number } {
  for (let read = 1; read <= bytes.length; read++) {
    const header = readProxyHeader(bytes.subarray(0, read))
    if (header.kind !== 'incomplete') {
      return { header, read }
    }
  }
  return { header: { kind: 'incomplete' }, read: bytes.length }
}

describe('PROXY protocol version 1', () => {
  it('a TCP4 line names the source, and what follows is left alone', () => {
    const text = 'PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n'
    assert.deepEqual(readProxyHeader(line(`${text}GET / HTTP/1.1\r\n`)), {
      kind: 'present',
      length: text.length,
      source: { address: '192.0.2.7', port: 56_324 },
    })
  })

  it('a TCP6 line names the source in canonical spelling', () => {
    assert.deepEqual(readProxyHeader(line('PROXY TCP6 2001:DB8:0:0::1 ::1 1 65535\r\n')), {
      kind: 'present',
      length: 40,
      source: { address: '2001:db8::1', port: 1 },
    })
  })

  it('the longest line of the specification is read', () => {
    const address = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'
    const longest = line(`PROXY TCP6 ${address} ${address} 65535 65535\r\n`)
    assert.equal(longest.length, 104)
    assert.equal(readProxyHeader(longest).kind, 'present')
    const unknown = line(`PROXY UNKNOWN ${address} ${address} 65535 65535\r\n`)
    assert.equal(unknown.length, 107)
    assert.deepEqual(readProxyHeader(unknown), { kind: 'present', length: 107 })
  })

  it('UNKNOWN has no source', () => {
    assert.deepEqual(readProxyHeader(line('PROXY UNKNOWN\r\n')), { kind: 'present', length: 15 })
  })

  for (const [what, text] of [
    ['a missing port', 'PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n'],
    ['a port out of range', 'PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n'],
    ['a port with a leading zero', 'PROXY TCP4 192.0.2.7 198.51.100.1 0443 443\r\n'],
    ['an address of the other family', 'PROXY TCP4 ::1 ::1 1 2\r\n'],
    ['an address with a zone', 'PROXY TCP6 fe80::1%lo ::1 1 2\r\n'],
    ['a name instead of an address', 'PROXY TCP4 localhost 198.51.100.1 1 2\r\n'],
    ['two spaces', 'PROXY TCP4  192.0.2.7 198.51.100.1 1 2\r\n'],
    ['a bare line feed', 'PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n'],
    ['a datagram family', 'PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n'],
    ['a line without end', `PROXY UNKNOWN ${'x'.repeat(100)}`],
  ] as const) {
    it(`${what} is malformed`, () => assert.equal(readProxyHeader(line(text)).kind, 'malformed'))
  }
})

describe('PROXY protocol version 2', () => {
  it('a TCP4 header names the source', () => {
    assert.deepEqual(readProxyHeader(hex(`${signature} 21 11 000c c0000207 c6336401 dc04 01bb`)), {
      kind: 'present',
      length: 28,
      source: { address: '192.0.2.7', port: 56_324 },
    })
  })

  it('a TCP6 header with TLVs names the source and spans the TLVs', () => {
    const addresses = `20010db8${'00'.repeat(11)}01 ${'00'.repeat(15)}01`
    assert.deepEqual(readProxyHeader(hex(`${signature} 21 21 002b ${addresses} dc04 01bb 04 0004 00000000 1603`)), {
      kind: 'present',
      length: 59,
      source: { address: '2001:db8::1', port: 56_324 },
    })
  })

  it('an IPv4 address in an IPv6 field becomes IPv4', () => {
    const addresses = `${'00'.repeat(10)}ffffc0000207 ${'00'.repeat(15)}01`
    const header = readProxyHeader(hex(`${signature} 21 21 0024 ${addresses} dc04 01bb`))
    assert.deepEqual(header.kind === 'present' && header.source, { address: '192.0.2.7', port: 56_324 })
  })

  it('LOCAL has no source, whatever family it names', () => {
    assert.deepEqual(readProxyHeader(hex(`${signature} 20 11 000c c0000207 c6336401 dc04 01bb`)), {
      kind: 'present',
      length: 28,
    })
    assert.deepEqual(readProxyHeader(hex(`${signature} 20 00 0000`)), { kind: 'present', length: 16 })
  })

  it('an unspecified family and a Unix socket have no source', () => {
    assert.deepEqual(readProxyHeader(hex(`${signature} 21 00 0000`)), { kind: 'present', length: 16 })
    assert.deepEqual(readProxyHeader(hex(`${signature} 21 31 0001 00`)), { kind: 'present', length: 17 })
  })

  for (const [what, text] of [
    ['another version', '11 11 000c c0000207 c6336401 dc04 01bb'],
    ['another command', '22 11 000c c0000207 c6336401 dc04 01bb'],
    ['another family', '21 41 000c c0000207 c6336401 dc04 01bb'],
    ['another transport', '21 13 000c c0000207 c6336401 dc04 01bb'],
    ['IPv4 addresses cut short', '21 11 000b c0000207 c6336401 dc04 01'],
    ['IPv6 addresses cut short', '21 21 000c c0000207 c6336401 dc04 01bb'],
    ['a length beyond the bound', '21 11 1001'],
  ] as const) {
    it(`${what} is malformed`, () => assert.equal(readProxyHeader(hex(`${signature} ${text}`)).kind, 'malformed'))
  }
})

describe('any first bytes', () => {
  it('TLS and HTTP are recognised at their first differing byte', () => {
    assert.deepEqual(readProxyHeader(hex('16')), { kind: 'absent' })
    assert.deepEqual(readProxyHeader(line('G')), { kind: 'absent' })
    assert.deepEqual(readProxyHeader(line('PRO')), { kind: 'incomplete' })
    assert.deepEqual(readProxyHeader(line('PROP')), { kind: 'absent' })
    assert.deepEqual(readProxyHeader(line('\r\nG')), { kind: 'absent' })
    assert.deepEqual(readProxyHeader(new Uint8Array()), { kind: 'incomplete' })
  })

  it('a header that arrives in one-byte chunks is read at its last byte', () => {
    const version1 = line('PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n')
    const version2 = hex(`${signature} 21 11 000f c0000207 c6336401 dc04 01bb 040000`)
    for (const bytes of [version1, version2]) {
      const { header, read } = readByteByByte(Buffer.concat([bytes, line('rest')]))
      assert.deepEqual(header, readProxyHeader(bytes))
      assert.equal(header.kind, 'present')
      assert.equal(read, bytes.length)
    }
  })

  it('chunking never changes the answer, and the answer comes within the bound', () => {
    const start = fc.constantFrom(line('PROXY TCP4 '), hex(`${signature} 21`), hex(`${signature} 20`), line(''))
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (head, tail) => {
        const bytes = Buffer.concat([head, tail])
        const { header, read } = readByteByByte(bytes)
        assert.deepEqual(header, bytes.length === 0 ? { kind: 'incomplete' } : readProxyHeader(bytes.subarray(0, read)))
        assert.deepEqual(header.kind === 'incomplete', readProxyHeader(bytes).kind === 'incomplete')
        if (header.kind === 'present') {
          assert.equal(header.length, read)
          assert.deepEqual(readProxyHeader(bytes), header)
        }
      }),
    )
    const endless = Buffer.alloc(maxProxyHeaderBytes + 1, 0x78)
    line('PROXY ').copy(endless)
    assert.equal(readProxyHeader(endless).kind, 'malformed')
  })

  it('what a proxy writes is what is read', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 0, max: 65_535 }), (address, port) => {
        const header = readProxyHeader(line(`PROXY TCP6 ${address} ::1 ${port} 1\r\n`))
        assert.equal(header.kind === 'present' && header.source?.port, port)
      }),
    )
  })
})
