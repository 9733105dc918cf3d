/** What the modules share, for the type checker and the reader; browsers never load it. */

/** A fieldset or div.item: one thing that is answered. */
interface Item extends HTMLElement {
  dataset: { question: string; part: string; kind: string };
}

/** Question and part: "36a". */
type Slot = string;

/** An answer on its way to the server. */
interface Entry {
  sitting: number;
  slot: Slot;
  question: number;
  part: string;
  answer: any;
  revision: number;
  /** What was written, for when it never arrives. */
  shown: string;
  /** Why the server will not take it. */
  refused?: string;
}

/** An answer that the server has. */
interface Stored {
  question_number: number;
  sub_part: string;
  answer: any;
  revision: number;
  saved_at: string;
}

interface Reply {
  /** 0 when no answer came. */
  status: number;
  body: any;
  /** 0 unless the server asked for a pause. */
  retryAfterMs: number;
  /** By performance.now(). */
  sentAt: number;
  receivedAt: number;
}

type Trouble = "network" | "busy" | "sign_in" | "stranger";
type Fullness = "none" | "some" | "all";

interface OutboxOptions {
  sitting: number;
  clock: import("./clock.js").Clock;
  store: import("./store.js").Store | null;
  /** This answer's state, or everything's. */
  changed(slot?: Slot): void;
  /** An answer given elsewhere, or before. */
  arrived(slot: Slot, answer: any): void;
  /** Every good reply: deadline and server time are in it. */
  replied(reply: Reply): void;
  over(): void;
  /** Is it being typed right now? */
  dirty(slot: Slot): boolean;
}

/** The question numbers as they follow each other, each with where the entries of its lists come from. */
type Order = [number, number[][]][];

interface SealedOptions {
  exam: number;
  /** From when on the paper may be had. */
  from: string;
  clock: import("./clock.js").Clock;
  /** The paper came, or went. */
  changed(here: boolean): void;
  /** The start has to be tried again. */
  waiting(): void;
}

declare module "*/uPlot.esm.js" {
  export { default } from "uplot";
}
type uPlotClass = typeof import("uplot");

interface ChartSeries {
  name: string;
  values: (number | null)[];
  /** line if left out */
  style?: "line" | "curve" | "steps" | "area" | "bars" | "points";
  /** 1 to 6: --c1 to --c6; by its place if left out */
  colour?: number;
  dashed?: boolean;
  faint?: boolean;
  /** Bars that touch: a histogram. */
  full?: boolean;
  /** On an axis of its own. */
  right?: boolean;
}

/** What parts/charts.html writes beside a figure. */
interface ChartSpec {
  /** values in seconds since 1970 where time is true; labels instead of values for categories */
  x: { label?: string; values?: number[]; labels?: string[]; time?: boolean; range?: [number, number] };
  y?: { label?: string; unit?: string; min?: number; max?: number };
  series: ChartSeries[];
  marks?: { x: number; text: string }[];
}

/** What the room lends to what is loaded after it. */
interface RoomOptions {
  boot: any;
  clock: { now(): number };
  outbox: { trouble: unknown; hurry(): void; refresh(): Promise<void> };
  say(text: string, box?: string): void;
  several(what: string, n: number): string;
  setTime(time: any): void;
  go(index: number): void;
  at(): number;
}
