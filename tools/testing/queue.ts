/** Work of a run: a file of tests, or a check of lint. */
export interface Job<Result> {
  name: string;
  /** What has to be ready before it. */
  needs: readonly string[];
  run(): Promise<Result>;
}

/** Whether one more job may start beside `running` others. Asked again every `everyMilliseconds`. */
export interface Room {
  isFree(running: number): boolean;
  everyMilliseconds: number;
}

/**
 * Runs jobs in their order, several at once while there is room for them. A job whose needs are not met lets those behind
 * it go first.
 */
export class Queue<Result> {
  private readonly ready = new Set<string>();
  private readonly results: Result[] = [];
  private waiting: Job<Result>[];
  private running = 0;
  private settle: { resolve: (results: Result[]) => void; reject: (error: unknown) => void } | undefined;

  constructor(
    jobs: readonly Job<Result>[],
    private readonly room: Room,
  ) {
    this.waiting = [...jobs];
  }

  /** Some need of the jobs is met. */
  provide(need: string): void {
    this.ready.add(need);
    this.startNext();
  }

  /** What all jobs said, in the order in which they ended. */
  async run(): Promise<Result[]> {
    const timer = setInterval(() => this.startNext(), this.room.everyMilliseconds);
    try {
      return await new Promise<Result[]>((resolve, reject) => {
        this.settle = { resolve, reject };
        this.startNext();
      });
    } finally {
      clearInterval(timer);
    }
  }

  private startNext(): void {
    if (!this.settle) {
      return;
    }
    if (this.waiting.length === 0 && this.running === 0) {
      this.settle.resolve(this.results);
    }
    const next = this.waiting.find(({ needs }) => needs.every((need) => this.ready.has(need)));
    if (next && this.room.isFree(this.running)) {
      this.start(next);
      this.startNext();
    }
  }

  private start(job: Job<Result>): void {
    this.waiting = this.waiting.filter((other) => other !== job);
    this.running += 1;
    job.run().then(
      (result) => {
        this.results.push(result);
        this.running -= 1;
        this.startNext();
      },
      (error: unknown) => this.settle?.reject(error),
    );
  }
}
