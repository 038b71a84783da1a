import { readdirSync, readFileSync } from 'node:fs'

/** What a process and its descendants have used. */
export interface Usage {
  /** CPU seconds in user and kernel mode since their start; the kernel counts in hundredths. */
  readonly cpu: number
  /** Bytes of resident memory now. */
  readonly resident: number
}

const TICKS_PER_SECOND = 100
const PAGE = 4_096

/** Adds up /proc (proc(5)) over a process tree: what workers do counts for their proxy. */
export function usageOf(root: number): Usage {
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => statOf(Number(name)))
    .filter(stat => stat !== undefined)
  const tree = new Set([root])
  for (let grown = true; grown; ) {
    grown = false
    for (const { pid, parent } of all) {
      if (!tree.has(parent) || tree.has(pid)) continue
      tree.add(pid)
      grown = true
    }
  }
  const members = all.filter(({ pid }) => tree.has(pid))
  return {
    cpu: members.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND,
    resident: members.reduce((sum, { pages }) => sum + pages, 0) * PAGE,
  }
}

/** The highest resident memory of a process tree between now and `stop()`. */
export function watchPeak(root: number): { stop(): number } {
  let peak = usageOf(root).resident
  const timer = setInterval(() => {
    peak = Math.max(peak, usageOf(root).resident)
  }, 100)
  return {
    stop() {
      clearInterval(timer)
      return peak
    },
  }
}

function statOf(pid: number): { pid: number; parent: number; ticks: number; pages: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The command's name stands in parentheses and may hold any character.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return {
      pid,
      parent: Number(fields[1]),
      ticks: Number(fields[11]) + Number(fields[12]),
      pages: Number(fields[21]),
    }
  } catch {
    return undefined
  }
}
