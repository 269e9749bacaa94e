/** One line of a panel. */
export interface ChartSeries {
  readonly name: string
  /** Pairs of x and y; x from small to large. */
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** One coordinate system. */
export interface ChartPanel {
  readonly title: string
  readonly series: readonly ChartSeries[]
  /** What its axis means, where that differs from the picture's. */
  readonly xLabel?: string
  readonly yLabel?: string
}

/** A picture of panels. */
export interface ChartOptions {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly panels: readonly ChartPanel[]
  readonly columns: number
  /** Every step to the right multiplies. Default false: it adds. */
  readonly hasLogarithmicX?: boolean
  /** Every step upwards multiplies. Default false: it adds, from 0. */
  readonly hasLogarithmicY?: boolean
}

const panelWidth = 380
const panelHeight = 260
const margin = { left: 62, right: 14, top: 30, bottom: 46 } as const
const headHeight = 62
/** Told apart also by those who see colours differently (Okabe and Ito, the last two of Tol), on white. */
const colours = '#0072b2 #d55e00 #009e73 #cc79a7 #e69f00 #56b4e9 #000000 #999999 #882255 #ddcc77'.split(' ')
const tickCount = 4

/** Draws lines as an SVG document, the same for the same numbers: one colour for each name in all panels, a legend above. */
export function formatSvgPanels(options: ChartOptions): string {
  const { title, panels, columns } = options
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))]
  const width = columns * panelWidth
  const height = headHeight + Math.ceil(panels.length / columns) * panelHeight
  const drawn = panels.map((panel, index) => {
    const [x, y] = [(index % columns) * panelWidth, headHeight + Math.floor(index / columns) * panelHeight]
    return `<g transform="translate(${x} ${y})">\n${drawPanel(panel, names, options)}\n</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
      'font-family="sans-serif" font-size="12">',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="22" font-size="15" font-weight="bold">${escapeText(title)}</text>`,
    drawLegend(names),
    ...drawn,
    '</svg>\n',
  ].join('\n')
}

function drawLegend(names: readonly string[]): string {
  let x = 12
  return names
    .map((name, index) => {
      const entry =
        `<rect x="${x}" y="37" width="14" height="4" fill="${colourOf(index)}"/>` +
        `<text x="${x + 19}" y="44">${escapeText(name)}</text>`
      // About the width of this type: SVG cannot measure text.
      x += 36 + name.length * 7
      return entry
    })
    .join('\n')
}

function drawPanel(panel: ChartPanel, names: readonly string[], options: ChartOptions): string {
  const { hasLogarithmicX = false, hasLogarithmicY = false } = options
  const { xLabel = options.xLabel, yLabel = options.yLabel } = panel
  const points = panel.series.flatMap((series) => series.points)
  const xs = [...new Set(points.map(([x]) => x))].toSorted((one, other) => one - other)
  const x = toScale(xs, [margin.left, panelWidth - margin.right], hasLogarithmicX)
  const yTicks = ticksOf(
    points.map(([, value]) => value),
    hasLogarithmicY,
  )
  const y = toScale(yTicks, [panelHeight - margin.bottom, margin.top], hasLogarithmicY)
  const bottom = panelHeight - margin.bottom
  return [
    `<text x="${margin.left}" y="18" font-weight="bold">${escapeText(panel.title)}</text>`,
    ...yTicks.map(
      (tick) =>
        `<line x1="${margin.left}" x2="${panelWidth - margin.right}" y1="${y(tick)}" y2="${y(tick)}" stroke="#ddd"/>` +
        `<text x="${margin.left - 6}" y="${y(tick) + 4}" text-anchor="end">${formatNumber(tick)}</text>`,
    ),
    ...xs.map((value) => `<text x="${x(value)}" y="${bottom + 16}" text-anchor="middle">${formatNumber(value)}</text>`),
    `<text x="${(margin.left + panelWidth) / 2}" y="${bottom + 34}" text-anchor="middle">${escapeText(xLabel)}</text>`,
    `<text transform="translate(12 ${(margin.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeText(yLabel)}</text>`,
    ...panel.series.map((series) => drawSeries(series, colourOf(names.indexOf(series.name)), x, y)),
  ].join('\n')
}

type Scale = (value: number) => number

function drawSeries({ points }: ChartSeries, colour: string, x: Scale, y: Scale): string {
  const line = points.map(([left, up]) => `${x(left)},${y(up)}`).join(' ')
  const dots = points.map(([left, up]) => `<circle cx="${x(left)}" cy="${y(up)}" r="3" fill="${colour}"/>`).join('')
  return `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2"/>${dots}`
}

/** From the least and the most of these values to places; one value alone stands in the middle. */
function toScale(values: readonly number[], [from, to]: readonly [number, number], isLogarithmic: boolean): Scale {
  const place = (value: number): number => (isLogarithmic ? Math.log(value) : value)
  const [least, most] = [place(Math.min(...values)), place(Math.max(...values))]
  return (value) => {
    const share = most === least ? 0.5 : (place(value) - least) / (most - least)
    return Math.round((from + share * (to - from)) * 10) / 10
  }
}

/** Round numbers that hold all values between the first and the last of them. */
function ticksOf(values: readonly number[], isLogarithmic: boolean): readonly number[] {
  const most = Math.max(...values, Number.MIN_VALUE)
  if (isLogarithmic) {
    const positive = values.filter((value) => value > 0)
    const [low, high] = [Math.floor(Math.log10(Math.min(...positive, most))), Math.ceil(Math.log10(most))]
    return Array.from({ length: Math.max(2, high - low + 1) }, (_, index) => 10 ** (low + index))
  }
  const rough = most / tickCount
  const unit = 10 ** Math.floor(Math.log10(rough))
  const step = unit * ([1, 2, 5, 10].find((factor) => factor * unit >= rough) ?? 10)
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step)
}

function colourOf(index: number): string {
  return colours[index % colours.length] ?? '#000'
}

function formatNumber(value: number): string {
  return value >= 1_000 ? value.toLocaleString('en') : String(Number(value.toPrecision(3)))
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
