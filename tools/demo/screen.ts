import { call } from '../../test/custody/server/officers-client.ts'

/** A line of an escort's screen, as far as it is looked at. */
export interface ShownLine {
  readonly number: number
  readonly kind: string
  readonly id?: string
  readonly key?: string
  readonly status?: number
}

export interface Screen {
  /** With it the custodian knows the screen. */
  readonly secret: string
  /** Whether requests wait for it. */
  readonly watches: boolean
  /** What it has shown so far. */
  readonly lines: readonly ShownLine[]
  /** Resolves when the access has ended, or the screen is not open any more. */
  readonly over: Promise<void>
}

/** Sits down at an escort's screen, and looks as its program does: what was shown is let through. */
export async function sitDown(
  port: number,
  id: string,
  word: { readonly document: string; readonly signature: string },
): Promise<Screen> {
  const opened = await call(port, 'POST', `/v1/escorts/${id}/watch`, word)
  if (opened.status !== 200) throw new Error(`no screen: ${JSON.stringify(opened.json)}`)
  const secret = String(opened.json['screen'])
  const lines: ShownLine[] = []
  const look = async (): Promise<void> => {
    let shown: readonly string[] = []
    for (;;) {
      const body = { after: lines.at(-1)?.number ?? 0, shown }
      const { status, json } = await call(port, 'POST', `/v1/escorts/${id}/screen`, body, secret)
      if (status !== 200) return
      const news = json['lines'] as readonly ShownLine[]
      if (json['ended'] && news.length === 0) return
      lines.push(...news)
      shown = news.flatMap(line => (line.kind === 'request' ? [line.id!] : []))
    }
  }
  const over = look().catch(() => {})
  return { secret, watches: opened.json['watches'] === true, lines, over }
}
