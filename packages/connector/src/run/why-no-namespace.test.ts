import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NamespaceFacts, whyNoNamespace } from './why-no-namespace.ts'

const usual: NamespaceFacts = {
  platform: 'linux',
  isRoot: false,
  missingPrograms: {},
  hasUserNamespaces: true,
  maxUserNamespaces: 96_364,
  unprivilegedClone: undefined,
  apparmorRestricts: undefined,
  isFiltered: false,
  said: 'unshare: unshare failed: Operation not permitted\n',
}

const cases: readonly [string, Partial<NamespaceFacts>, RegExp][] = [
  ['another system', { platform: 'darwin' }, /^This needs Linux\.$/],
  [
    'programs that are missing',
    { missingPrograms: { ip: 'iproute2', setpriv: 'util-linux', nsenter: 'util-linux' } },
    /^Not on the path: ip, setpriv, nsenter\. On Debian: apt install iproute2 util-linux$/,
  ],
  [
    'old programs',
    { said: "unshare: unrecognized option '--keep-caps'" },
    /^unshare, nsenter and setpriv of util-linux 2\.36 or newer are needed \(unshare: unrecognized option/,
  ],
  [
    'no hosts file',
    { said: 'mount: /etc/hosts: mount point does not exist.' },
    /^This system has no \/etc\/hosts .*create an empty one\.$/,
  ],
  [
    'a kernel without them',
    { hasUserNamespaces: false },
    /built without user namespaces\. \(unshare: .*not permitted\)$/,
  ],
  [
    'the limit 0',
    { maxUserNamespaces: 0, said: 'unshare: unshare failed: No space left on device' },
    /user\.max_user_namespaces is 0\. \(.*No space left on device\)$/,
  ],
  ['a kernel of Debian', { unprivilegedClone: 0 }, /kernel\.unprivileged_userns_clone is 0/],
  ['AppArmor of Ubuntu', { apparmorRestricts: 1 }, /kernel\.apparmor_restrict_unprivileged_userns is 1/],
  ['a container', { isFiltered: true }, /A filter of system calls forbids user namespaces/],
  ['anything else', {}, /The system forbids user namespaces to this user/],
  ['root without the right', { isRoot: true }, /^This system gives root no right.*CAP_SYS_ADMIN/],
  ['root of a container', { isRoot: true, isFiltered: true }, /^This container gives root no right.*CAP_SYS_ADMIN/],
]

for (const [name, change, expected] of cases) {
  test(`the cause is named: ${name}`, () => {
    assert.match(whyNoNamespace({ ...usual, ...change }), expected)
  })
}

test('settings that allow namespaces are not blamed', () => {
  const why = whyNoNamespace({ ...usual, unprivilegedClone: 1, apparmorRestricts: 0 })
  assert.doesNotMatch(why, /sysctl/)
})
