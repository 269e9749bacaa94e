import { createHash } from 'node:crypto'
import { spellUserCode } from '../device-codes.ts'
import type { IdentityReply } from './identity-request.ts'

/** What a person reads on one page. */
export interface DevicePage {
  readonly status: number
  readonly title: string
  /** What went wrong with the step before. */
  readonly problem?: string
  /** HTML; every text from outside must have gone through `escapeHtml`. */
  readonly content: string
}

/** Who asks, as it is shown before a person agrees. */
export interface ShownRequest {
  readonly userCode: string
  readonly client: string
  readonly address: string
  /** Both: with a refresh token it can ask for either later. */
  readonly plane: 'management' | 'data' | 'both'
  readonly host: string
}

/** A page without script, image or anything from elsewhere, that no other page can frame. */
export function devicePage({ status, title, problem, content }: DevicePage): IdentityReply {
  const alert = problem === undefined ? '' : `<p class="problem" role="alert">${escapeHtml(problem)}</p>`
  return {
    status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
      'X-Frame-Options': 'DENY',
      // Not no-referrer: browsers would then send their forms with `Origin: null`.
      'Referrer-Policy': 'same-origin',
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} - Postern</title>
<style>${style}</style>
</head>
<body>
<main>
<p class="product">Postern</p>
<h1>${escapeHtml(title)}</h1>
${alert}${content}
</main>
</body>
</html>
`,
  }
}

/** The first step: which code. */
export function codeForm(code = ''): string {
  return `<p>Enter the code that the program shows.</p>
<form method="post" action="/device">
<label for="code">Code</label>
<input id="code" name="user_code" value="${escapeHtml(code)}" required maxlength="32" autocomplete="one-time-code" autocapitalize="characters" spellcheck="false" placeholder="XXXX-XXXX" autofocus>
<button type="submit" name="action" value="look">Continue</button>
</form>`
}

/** The second step: who asks for what, and the person's consent with name and password. */
export function consentForm({ userCode, client, address, plane, host }: ShownRequest, name = ''): string {
  const powers = {
    management: 'manage what you may manage at this relay',
    data: 'listen and send through this relay where you may',
    both: 'stay signed in for you at this relay: manage, listen and send what you may, for 90 days at most',
  }
  return `<p>A program asks to act in your name. Allow it only if you have started it yourself.</p>
<dl>
<dt>Program</dt><dd>${escapeHtml(client)}</dd>
<dt>It runs at</dt><dd>${escapeHtml(address)}</dd>
<dt>It wants to</dt><dd>${powers[plane]}</dd>
<dt>Relay</dt><dd>${escapeHtml(host)}</dd>
<dt>Code</dt><dd><code>${escapeHtml(spellUserCode(userCode))}</code></dd>
</dl>
<form method="post" action="/device">
<input type="hidden" name="user_code" value="${escapeHtml(userCode)}">
<label for="name">Sign-in name</label>
<input id="name" name="name" value="${escapeHtml(name)}" required maxlength="128" autocomplete="username" autocapitalize="none" spellcheck="false"${name === '' ? ' autofocus' : ''}>
<label for="password">Password or client secret</label>
<input id="password" name="password" type="password" required maxlength="1024" autocomplete="current-password"${name === '' ? '' : ' autofocus'}>
<div class="buttons">
<button type="submit" name="action" value="allow">Sign in and allow</button>
<button type="submit" name="action" value="deny" class="second" formnovalidate>Deny</button>
</div>
</form>`
}

/** Makes a text from outside harmless in HTML, attributes included. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const style = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --back: #eef1f5; --line: #8a94a2; --key: #0b5cad; --bad: #a4161a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebef; --paper: #1c2127; --back: #11151a; --line: #7d8794; --key: #7ab8ff; --bad: #ff9b9b; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; min-height: 100vh; display: grid; place-items: center; background: var(--back); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: min(28rem, 100%); padding: 2rem; background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
.product { margin: 0; font-size: .875rem; font-weight: 600; letter-spacing: .05em; color: var(--key); }
.problem { padding: .5rem .75rem; border: 1px solid var(--bad); border-radius: .375rem; color: var(--bad); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: 1rem 0; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600; }
input { width: 100%; padding: .5rem .75rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: .375rem; }
button { margin-top: 1.25rem; padding: .5rem 1.25rem; font: inherit; font-weight: 600; color: var(--paper); background: var(--key); border: 1px solid var(--key); border-radius: .375rem; cursor: pointer; }
.second { color: var(--key); background: transparent; }
.buttons { display: flex; flex-wrap: wrap; gap: 0 .75rem; }
input:focus-visible, button:focus-visible { outline: 3px solid var(--key); outline-offset: 2px; }
`

const styleHash = createHash('sha256').update(style).digest('base64')
