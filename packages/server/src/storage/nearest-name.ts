/** The known name that a mistyped one most likely means: at most a third of its letters away. */
export function nearestName(typed: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((name) => ({ name, distance: editDistance(plain(typed), plain(name)) }))
    .filter(({ name, distance }) => distance <= Math.floor(name.length / 3))
    .toSorted((a, b) => a.distance - b.distance)
  return best?.name
}

/** Longer texts are no misspelt names, and the distance takes the product of the lengths. */
const maxLength = 64

function plain(name: string): string {
  return name.slice(0, maxLength).toLowerCase().replace(/[-_]/g, '')
}

/** Letters to insert, delete or replace (Levenshtein); row by row of the usual table. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (const [line, letter] of [...from].entries()) {
    const next = [line + 1]
    for (const [column, wanted] of [...to].entries()) {
      const replace = (row[column] ?? 0) + (letter === wanted ? 0 : 1)
      next.push(Math.min(replace, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
