import { safeText } from '@postern/program'
import { cellText } from './cell-text.ts'

/** Longest cell; what is cut is in `-o json`. A connection string has some 200. */
const maxCellLength = 250

/** A line that is longer breaks in most terminals: a single object is then written below itself. */
const maxLineWidth = 100

/** Rows with a head for people: a list of objects, one object, or bare values. Columns without any value are left out. */
export function formatTable(result: unknown): string {
  const items = Array.isArray(result) ? result : [result]
  const rows = items.map((item) => row(item))
  const names = [...new Set(rows.flatMap((cells) => [...cells.keys()]))]
  const used = names.filter((name) => rows.some((cells) => (cells.get(name) ?? '') !== ''))
  if (used.length === 0) return ''
  const head = used.map((name) => name.slice(0, 1).toUpperCase() + name.slice(1))
  const body = rows.map((cells) => used.map((name) => cells.get(name) ?? ''))
  const widths = head.map((title, at) => Math.max(...[title, ...body.map((cells) => cells[at] ?? '')].map(width)))
  const total = widths.reduce((sum, size) => sum + size + 2, 0)
  if (!Array.isArray(result) && used.length > 1 && total > maxLineWidth) return lines(head, body[0] ?? [])
  const rule = widths.map((size) => '-'.repeat(size))
  return [head, rule, ...body].map((cells) => `${line(cells, widths)}\n`).join('')
}

/** One object, a line for each member. */
function lines(head: readonly string[], cells: readonly string[]): string {
  const widest = Math.max(...head.map(width))
  return head.map((title, at) => `${line([title, cells[at] ?? ''], [widest, 0])}\n`).join('')
}

function row(item: unknown): ReadonlyMap<string, string> {
  if (Array.isArray(item)) return new Map(item.map((value, at) => [`Column${at + 1}`, cell(value)]))
  if (typeof item !== 'object' || item === null) return new Map([['Result', cell(item)]])
  return new Map(Object.entries(item).map(([name, value]) => [safeText(name), cell(value)]))
}

function cell(value: unknown): string {
  const text = cellText(value, ', ')
  return text.length > maxCellLength ? `${text.slice(0, maxCellLength - 1)}…` : text
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((text, at) => text + ' '.repeat(Math.max((widths[at] ?? 0) - width(text), 0)))
    .join('  ')
    .trimEnd()
}

/** Terminal columns of a text: East Asian characters take two, marks that combine none. */
function width(text: string): number {
  let columns = 0
  for (const character of text) {
    if (/\p{Mark}|\u200d/u.test(character)) continue
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1
  }
  return columns
}
