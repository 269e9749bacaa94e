import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeForm, decodePercent, toUriPath, toUriQuery } from './percent-codec.ts'

test('escapes of UTF-8 are decoded once', () => {
  assert.equal(decodePercent('a%20b%2Fc%252F%c3%B8%E2%82%ac%f0%9f%98%80'), 'a b/c%2Fø€😀')
})

test('escapes that are no UTF-8 stay as they were written', () => {
  for (const text of ['%', '%2', '%zz', '%ff', '%C3', '%c3x', '%C0%af', '%ED%A0%80', '%F5%80%80%80', '%E2%82']) {
    assert.equal(decodePercent(text), text)
  }
  assert.equal(decodePercent('%FF%41%C3%C3%B8'), '%FFA%C3ø')
})

test('escapes of characters that are to be kept stay as they were written', () => {
  assert.equal(
    decodePercent('%3f%41%3F', (character) => character === '?'),
    '%3fA%3F',
  )
})

test('in forms + is a space', () => {
  assert.equal(decodeForm('Go+away%2C+%2b'), 'Go away, +')
})

test('what a path may hold stays as typed, the rest is encoded', () => {
  const legal = "/az-AZ_09.~!$&'()*+,;=:@%2f%C3"
  assert.equal(toUriPath(legal), legal)
  assert.equal(toUriPath('/a b"<>\\^`{|}[]#?\u007f\u0000'), '/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D%23%3F%7F%00')
  assert.equal(toUriPath('/%/%2/%zz/100%'), '/%25/%252/%25zz/100%25')
})

test('a query may also hold ? and brackets', () => {
  const legal = "a=1&b[0]='x'&/?:@"
  assert.equal(toUriQuery(legal), legal)
  assert.equal(toUriQuery('q={"a"|b}#f'), 'q=%7B%22a%22%7Cb%7D%23f')
})

test('bytes of a request line are encoded as bytes, other text as UTF-8', () => {
  assert.equal(toUriPath(`/${Buffer.from('ø€').toString('latin1')}`), '/%C3%B8%E2%82%AC')
  assert.equal(toUriPath('/ø€😀\ud800'), '/%C3%B8%E2%82%AC%F0%9F%98%80%EF%BF%BD')
})

test('encoding is complete after one time and never throws', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const path = toUriPath(text)
      assert.match(path, /^(?:[\w.~!$&'()*+,;=:@/-]|%[0-9a-fA-F]{2})*$/)
      assert.equal(toUriPath(path), path)
      assert.equal(toUriQuery(toUriQuery(text)), toUriQuery(text))
      assert.equal(decodePercent(encodeURIComponent(text.toWellFormed())), text.toWellFormed())
      decodePercent(text)
    }),
  )
})
