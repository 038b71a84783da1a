import { html } from 'htm/preact'
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { printable } from '../../custody/printable.ts'
import { ask, bearer, Refusal } from './custodian.ts'

interface Line {
  readonly number: number
  readonly at: number
  readonly kind: 'request' | 'refused' | 'answered' | 'ended'
  readonly id?: string
  readonly operation?: string
  readonly bucket?: string
  readonly key?: string
  readonly address?: string
  readonly why?: string
  readonly status?: number
  readonly sent?: number
  readonly received?: number
}
interface Look {
  readonly lines: readonly Line[]
  readonly ended: string | null
}

const MOST_LINES = 200
const AGAIN = 2000
/** Refusals after which the same screen may go on. */
const PASSING = ['Unreachable', 'Standby', 'Sealed', 'TooMany']

interface ScreenProps {
  readonly id: string
  readonly secret: string
  /** The custodian does not know the screen any more. */
  readonly left: () => void
}

/**
 * What is done under an escort, line for line. A request is let through when the browser has painted its line: a page
 * that is hidden paints nothing, and lets nothing through.
 */
export function EscortScreen({ id, secret, left }: ScreenProps): VNode {
  const [lines, setLines] = useState<readonly Line[]>([])
  const [trouble, setTrouble] = useState('')
  useEffect(() => {
    const here = new AbortController()
    void watch(id, secret, here.signal, {
      show: news => setLines(seen => [...seen, ...news].slice(-MOST_LINES)),
      trouble: setTrouble,
    }).catch(left)
    return () => here.abort()
  }, [id, secret])
  return html`
    ${trouble && html`<p role="alert">${trouble}</p>`}
    <ol class="screen" aria-live="polite">
      ${lines.map(line => html`<li key=${line.number} class=${line.kind}>${inWords(line)}</li>`)}
    </ol>
  `
}

interface Shows {
  show(lines: readonly Line[]): void
  trouble(sentence: string): void
}

/** @throws Refusal where the screen is not open any more */
async function watch(id: string, secret: string, here: AbortSignal, { show, trouble }: Shows): Promise<void> {
  let after = 0
  let shown: readonly string[] = []
  while (!here.aborted) {
    try {
      const look = await ask<Look>('POST', `/v1/escorts/${id}/screen`, { after, shown }, bearer(secret))
      trouble('')
      show(look.lines)
      if (look.ended && look.lines.length === 0) return
      after = look.lines.at(-1)?.number ?? after
      shown = look.lines.flatMap(({ kind, id }) => (kind === 'request' && id !== undefined ? [id] : []))
      if (shown.length > 0) await painted()
    } catch (error) {
      if (!(error instanceof Refusal) || !PASSING.includes(error.code)) throw error
      trouble(`${error.message} Nothing is served meanwhile.`)
      await new Promise(resolve => setTimeout(resolve, AGAIN))
    }
  }
}

/** The frame after the next one: the browser has painted what was rendered before it. */
async function painted(): Promise<void> {
  for (let frame = 0; frame < 2; frame++) await new Promise(resolve => requestAnimationFrame(resolve))
}

function inWords({ at, kind, operation, bucket, key, address, why, status, sent, received }: Line): string {
  const time = new Date(at).toLocaleTimeString()
  const asked = `${operation} ${bucket}/${printable(key ?? '')} from ${address}`
  if (kind === 'request') return `${time} ${asked}`
  if (kind === 'refused') return `${time} REFUSED ${asked}: ${printable(why ?? '')}`
  if (kind === 'answered')
    return `${time} answered ${status || 'by a broken connection'}: ${sent} bytes out, ${received} in`
  return `${time} This access has ended.`
}
