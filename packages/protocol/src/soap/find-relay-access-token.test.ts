import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRelayAccessToken, maxSoapHeadBytes } from './find-relay-access-token.ts'

const sas = 'SharedAccessSignature sr=http%3A%2F%2Flocal%2Fecho%2F&sig=a%2Bb%3D&se=1&skn=send'
const base64 = Buffer.from(sas).toString('base64')
const escaped = sas.replaceAll('&', '&amp;')
const wsse = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'
const connect = 'http://schemas.microsoft.com/netservices/2009/05/servicebus/connect'
const soap11 = 'http://schemas.xmlsoap.org/soap/envelope/'
const soap12 = 'http://www.w3.org/2003/05/soap-envelope'

const header = (token: string): string =>
  `<RelayAccessToken xmlns="${connect}"><wsse:BinarySecurityToken wsu:Id="1" ValueType="http://schemas.xmlsoap.org/ws/2009/11/swt-token-profile-1.0" xmlns:wsse="${wsse}" xmlns:wsu="u">${token}</wsse:BinarySecurityToken></RelayAccessToken>`
const envelope = (headers: string, soap = soap11): string =>
  `<s:Envelope xmlns:s="${soap}"><s:Header>${headers}</s:Header><s:Body><a>grüße</a></s:Body></s:Envelope>`
const find = (text: string) => findRelayAccessToken(Buffer.from(text))
const reasonOf = (text: string): string => {
  const found = find(text)
  return found.kind === 'unreadable' ? found.reason : found.kind
}

test('a token is found as text and as Base64, in SOAP 1.1 and 1.2, and its element exactly', () => {
  for (const [written, soap] of [
    [base64, soap11],
    [escaped, soap12],
    [`\n  ${base64.slice(0, 20)}\n${base64.slice(20)} `, soap11],
    [`<![CDATA[${sas}]]>`, soap12],
  ] as const) {
    const text = `\u{FEFF}<?xml version="1.0" encoding="utf-8"?>\n<!-- ü < > -->${envelope(`<a:To xmlns:a="w">ü</a:To>${header(written)}<b/>`, soap)}`
    const bytes = Buffer.from(text)
    const found = findRelayAccessToken(bytes)
    assert.ok(found.kind === 'token', JSON.stringify(found))
    assert.equal(found.token, sas)
    assert.equal(bytes.subarray(found.start, found.end).toString(), header(written))
  }
})

test('an envelope without the header, or with one of another namespace, has no token', () => {
  const other = header(base64).replace(connect, 'urn:other')
  const inBody = `<Envelope xmlns="${soap11}"><Body>${header(base64)}</Body></Envelope>`
  const deeper = envelope(`<x>${header(base64)}</x>`)
  const renamed = envelope(header(base64).replace(connect, connect.replace('http:', 'http&#58;')))
  for (const text of [
    envelope(''),
    envelope(other),
    inBody,
    deeper,
    renamed,
    `<Envelope xmlns="${soap11}"><Header/>`,
  ]) {
    assert.deepEqual(find(text), { kind: 'absent' }, text)
  }
})

test('what may be read in another way behind the relay is refused in words that tell why', () => {
  const cases: readonly [text: string, reason: string][] = [
    [`<!DOCTYPE x [<!ENTITY e "x">]>${envelope(header(base64))}`, 'it has a document type'],
    [envelope(`<?php x?>${header(base64)}`), 'it has a processing instruction'],
    [envelope(header('&secret;')), 'its token is neither text nor Base64'],
    [envelope(header('')), 'its token is neither text nor Base64'],
    [envelope(header('_-_-')), 'its token is neither text nor Base64'],
    [envelope(header(Buffer.from('a\r\nb').toString('base64'))), 'its token is neither text nor Base64'],
    [envelope(header(`${escaped}\u0007`)), 'its token is neither text nor Base64'],
    [envelope(header(`<x/>${base64}`)), 'its token is not text alone'],
    [envelope(header(base64) + header(base64)), 'it has two tokens'],
    [envelope(`<RelayAccessToken xmlns="${connect}"/>`), 'its RelayAccessToken has no BinarySecurityToken'],
    [envelope(header(base64)).replace('</wsse:B', '</B'), 'its tags do not match'],
    [envelope(`<a b="1" b="2"/>`), 'it has an attribute twice'],
    [envelope(`<a b=1/>`), 'a tag is not well-formed'],
    [envelope(header(base64)).slice(0, -200).slice(0, 300), 'it ends too early'],
    [`<?xml version="1.0" encoding="utf-7"?>${envelope('')}`, 'it is not UTF-8'],
    [envelope('<x>'.repeat(40)), 'it is nested too deeply'],
    [envelope('').replace(soap11, 'urn:x'), 'it is no SOAP envelope'],
    ['{"json":true}', 'it ends too early'],
    ['', 'it ends too early'],
  ]
  for (const [text, reason] of cases) assert.equal(reasonOf(text), reason, text)
  assert.equal(findRelayAccessToken(Buffer.from(envelope(header(base64)), 'utf16le')).kind, 'unreadable')
})

test('only a bounded head is looked at, in a time that grows with its length', () => {
  const filler = `<x>${'y'.repeat(maxSoapHeadBytes)}</x>`
  assert.equal(reasonOf(envelope(filler + header(base64))), 'it ends too early')
  for (const evil of ['<', '<a ', '<!--', 'a="', '&amp;', '<a a="1"', ' ', '</', '<![CDATA[', '\n= ']) {
    const began = performance.now()
    find(envelope(`<a ${evil.repeat(200_000)}`))
    find(envelope(header(evil.repeat(200_000))))
    assert.ok(performance.now() - began < 1_000, evil)
  }
})
