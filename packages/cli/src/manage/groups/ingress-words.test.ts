import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inFlags } from './ingress-words.ts'

test('a refusal that speaks of members speaks of flags, and of nothing that is English', () => {
  const cases = [
    [
      'access is missing, and nothing guards this port; write allow: ["203.0.113.0/24"] (who may come), users (with hosts) or clientAuthorityPem (with tls: terminate), or access: open to let everybody in',
      '--access is missing, and nothing guards this port; write --allow 203.0.113.0/24 (who may come), --users (with --hosts) or --client-authority (with --tls terminate), or --access open to let everybody in',
    ],
    [
      'users would send passwords that everybody can read; write tls: terminate',
      '--users would send passwords that everybody can read; write --tls terminate',
    ],
    [
      'users sign in by HTTP; write hosts: [www.example.com], or leave users out',
      '--users sign in by HTTP; write --hosts www.example.com, or leave users out',
    ],
    ['portName is of use only with framing: azbridge', '--port-name is of use only with --framing azbridge'],
    ['The port is taken by another target', 'The port is taken by another target'],
  ]
  for (const [text = '', expected] of cases) assert.equal(inFlags(text), expected)
})
