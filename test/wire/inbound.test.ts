import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Sink } from '../../src/wire/body.ts'
import { type HeadFailure, Inbound, type InboundOwner } from '../../src/wire/inbound.ts'

/** A connection without a socket, on a clock that the test moves. */
class Quiet implements InboundOwner {
  readonly in = new Inbound(this, { head: 10_000, body: 60_000 })
  readonly heard: string[] = []
  reading = true

  constructor() {
    const resume = () => {
      this.reading = true
    }
    this.in.attach({ socket: undefined as never, resume, withdraw: () => this.heard.push('withdrawn') })
  }

  arrives(text: string): void {
    this.reading = this.in.arrived(Buffer.from(text))
  }
  head(bytes: Buffer, end: number): void {
    this.heard.push(`head ${bytes.toString('latin1', 0, end).length}`)
  }
  headFailed(why: HeadFailure): void {
    this.heard.push(`head failed: ${why}`)
  }
  bodyTaken(): void {
    this.heard.push('body taken')
  }
  bodyFailed(why: unknown): void {
    this.heard.push(`body failed: ${(why as Error).message}`)
  }
  ended(): void {
    this.heard.push('ended')
  }
}

const taking = (hold?: () => Promise<void> | undefined): Sink => ({
  space: () => Buffer.alloc(100),
  filled: () => hold?.(),
})

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
})
afterAll(() => {
  vi.useRealTimers()
})

describe('what comes in', () => {
  it('ends a head that drips, however often a byte comes', () => {
    const quiet = new Quiet()
    quiet.in.expectHead(5_000)
    vi.advanceTimersByTime(4_000)
    for (let second = 0; second < 10; second++) {
      quiet.arrives('x')
      expect(quiet.heard).toEqual([])
      vi.advanceTimersByTime(1_000)
    }
    vi.advanceTimersByTime(500)
    expect(quiet.heard).toEqual(['head failed: timeout'])
  })

  it('waits for a body for as long as it drips, and no longer', async () => {
    const quiet = new Quiet()
    const body = quiet.in.expectBody(10_000).readInto(taking())
    for (let minute = 0; minute < 600; minute++) {
      vi.advanceTimersByTime(59_000)
      quiet.arrives('x')
    }
    expect(quiet.heard).toEqual([])
    vi.advanceTimersByTime(61_000)
    await expect(body).rejects.toMatchObject({ name: 'BodyCut', code: 'stalled' })
  })

  it('does not count the time in which a sink holds its reader back', async () => {
    const quiet = new Quiet()
    const held = Promise.withResolvers<void>()
    const body = quiet.in.expectBody(10).readInto(taking(() => held.promise))
    quiet.arrives('hello')
    expect(quiet.reading).toBe(false)
    vi.advanceTimersByTime(3_600_000)
    expect(quiet.heard).toEqual([])
    held.resolve()
    await held.promise
    expect(quiet.reading).toBe(true)
    quiet.arrives('hello')
    await body
  })

  it('keeps at most two reads that nobody asked for', () => {
    const quiet = new Quiet()
    quiet.in.expectHead(1_000)
    quiet.arrives('GET / HTTP/1.1\r\n\r\nhello')
    void quiet.in.expectBody(1_000)
    expect(quiet.reading).toBe(true)
    quiet.arrives('more')
    expect(quiet.reading).toBe(false)
  })

  it('fails a body that nobody begins to read, where the owner wants it so', async () => {
    const quiet = new Quiet()
    const body = quiet.in.expectBody(10, undefined, 5_000)
    vi.advanceTimersByTime(5_500)
    expect(quiet.heard).toEqual(['body failed: the body was cut short: nothing came in time'])
    await expect(body.readInto(taking())).rejects.toMatchObject({ name: 'BodyCut' })
  })

  it('delivers what was kept of a body before it says that the peer has gone', async () => {
    const quiet = new Quiet()
    const whole = quiet.in.expectBody(5)
    quiet.arrives('hello')
    quiet.in.ended()
    await whole.readInto(taking())
    const cut = quiet.in.expectBody(5)
    await expect(cut.readInto(taking())).rejects.toMatchObject({ code: 'ended' })
  })

  it('takes memory back from the kernel when its sink fails while it is held back', async () => {
    const quiet = new Quiet()
    const body = quiet.in.expectBody(10).readInto(taking(() => Promise.reject(new Error('no'))))
    quiet.in.space()
    quiet.reading = quiet.in.filled(5)
    quiet.in.space()
    await expect(body).rejects.toThrow('no')
    expect(quiet.heard).toEqual(['withdrawn', 'body failed: no'])
    expect(quiet.reading).toBe(false)
  })

  it('lets a sink give up from within, and hears no more of it', async () => {
    const quiet = new Quiet()
    const body = quiet.in.expectBody(10)
    const read = body.readInto(
      taking(() => {
        body.discard()
        return Promise.reject(new Error('too late'))
      }),
    )
    quiet.arrives('hello')
    await expect(read).rejects.toMatchObject({ code: 'discarded' })
  })
})
