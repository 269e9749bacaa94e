import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeProxyHeader } from './proxy-header.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

// haproxy "The PROXY protocol", section 2.2: signature, 0x21 (version 2, PROXY), family and transport, length, addresses, ports.
const signature = '0d0a0d0a000d0a515549540a'

test('two IPv4 addresses make 28 bytes: family 0x11, 12 bytes of addresses', () => {
  const header = encodeProxyHeader({
    source: { address: '192.0.2.1', port: 56_324 },
    destination: { address: '198.51.100.7', port: 443 },
  })
  assert.equal(hex(header), `${signature}2111000cc0000201c6336407dc0401bb`)
})

test('two IPv6 addresses make 52 bytes: family 0x21, 36 bytes of addresses', () => {
  const header = encodeProxyHeader({
    source: { address: '2001:db8::1', port: 1 },
    destination: { address: '::', port: 65_535 },
  })
  assert.equal(hex(header), `${signature}2121002420010db8000000000000000000000001${'0'.repeat(32)}0001ffff`)
})

test('datagrams have transport 2 in the lower half of the family', () => {
  const destination = { address: '198.51.100.7', port: 53 }
  const older = encodeProxyHeader({ source: { address: '192.0.2.1', port: 1 }, destination, transport: 'datagram' })
  assert.equal(hex(older), `${signature}2112000cc0000201c633640700010035`)
  const newer = encodeProxyHeader({ source: { address: '::1', port: 1 }, destination, transport: 'datagram' })
  assert.equal(hex(newer).slice(24, 32), '21220024')
})

test('an IPv4 address beside an IPv6 one is written in the clothes of one', () => {
  const header = encodeProxyHeader({
    source: { address: '192.0.2.1', port: 80 },
    destination: { address: 'fe80:0:0:0:1:2:3:4', port: 81 },
  })
  assert.equal(
    hex(header),
    `${signature}2121002400000000000000000000ffffc0000201fe80000000000000000100020003000400500051`,
  )
  const mapped = encodeProxyHeader({
    source: { address: '::ffff:192.0.2.1', port: 80 },
    destination: { address: '::1', port: 81 },
  })
  assert.equal(hex(mapped).slice(32, 64), '00000000000000000000ffffc0000201')
})

for (const address of [
  '',
  '1.2.3',
  '1.2.3.256',
  '1.2.3.4.5',
  'a.b.c.d',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  'fe80::1%eth0',
  '12345::',
]) {
  test(`"${address}" is no address`, () => {
    const end = { address, port: 1 }
    assert.throws(() => encodeProxyHeader({ source: end, destination: { address: '::1', port: 1 } }), RangeError)
  })
}
