import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redactText } from './redact.ts'

test('token parameters of a URL are masked and their neighbours stay', () => {
  const cases: [string, string][] = [
    ['/$hc/a?sb-hc-token=abc&sb-hc-id=1', '/$hc/a?sb-hc-token=[secret]&sb-hc-id=1'],
    ['/$hc/a?SB-HC-Token=abc', '/$hc/a?SB-HC-Token=[secret]'],
    ['/$hc/a?sb%2Dhc%2dtoken=abc#x', '/$hc/a?sb%2Dhc%2dtoken=[secret]#x'],
    ['?sb-hc-sas-key-name=rule&sb-hc-sas-key=abc', '?sb-hc-sas-key-name=rule&sb-hc-sas-key=[secret]'],
    ['?client_secret=abc&scope=x', '?client_secret=[secret]&scope=x'],
    ['?x=1&access_token=abc', '?x=1&access_token=[secret]'],
  ]
  for (const [text, clean] of cases) assert.equal(redactText(text), clean)
})

test('only the signature of a shared access signature is masked, encoded or not', () => {
  assert.equal(
    redactText('SharedAccessSignature sr=a&sig=b%3d&se=1&skn=r'),
    'SharedAccessSignature sr=a&sig=[secret]&se=1&skn=r',
  )
  assert.equal(redactText('sr%3Da%26sig%3Db%253D%26se%3D1'), 'sr%3Da%26sig%3D[secret]')
})

test('name and password in a URL are masked', () => {
  assert.equal(redactText('by http://jo:p%40ss@proxy.corp:3128 and'), 'by http://[secret]@proxy.corp:3128 and')
  assert.equal(redactText('socks5://jo@p wrote jo@corp.test'), 'socks5://[secret]@p wrote jo@corp.test')
})

test('an ordinary text is left alone', () => {
  for (const text of ['listener.connected', 'https://example.test/a?token-count=3&design=4', 'a bearer of news', '']) {
    assert.equal(redactText(text), text)
  }
})
