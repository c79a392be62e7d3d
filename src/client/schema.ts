/** Types of the HTTP API, generated from openapi/openapi.json: npm run openapi */

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An error. */
        Error: {
            error: {
                /**
                 * @description Stable; programs may depend on it.
                 * @example invalid_request
                 * @enum {unknown}
                 */
                code: "invalid_json" | "invalid_request" | "context_length_exceeded" | "invalid_api_key" | "forbidden" | "not_found" | "model_not_found" | "method_not_allowed" | "request_timeout" | "body_too_large" | "url_too_long" | "unsupported_media_type" | "expectation_failed" | "prompt_too_long" | "invalid_schedule" | "invalid_template" | "invalid_block_length" | "invalid_solver" | "invalid_jumps" | "not_supported" | "invalid_reveal_above" | "deadline_too_short" | "model_refused" | "queue_full" | "rate_limited" | "headers_too_large" | "cancelled" | "inference_failed" | "internal_error" | "not_ready" | "model_failed" | "draining" | "deadline_exceeded" | "not_enough_memory";
                /**
                 * @description Says what is wrong and what to change.
                 * @example steps must be at most 1024
                 */
                message: string;
                /**
                 * @description The kind of error, as OpenAI names it.
                 * @enum {unknown}
                 */
                type: "invalid_request_error" | "rate_limit_error" | "timeout_error" | "server_error";
                /**
                 * @description The field of the request that is at fault, or null.
                 * @example steps
                 */
                param: string | null;
                /**
                 * @description The same, left out where there is none.
                 * @example steps
                 */
                field?: string;
                /** @description Also in the x-request-id header and on every line of the log. */
                request_id: string;
            };
        };
        /** @description What to generate; every field may be left out. */
        GenerateRequest: {
            /**
             * @description A loaded model's name, as /v1/models lists it; any other is refused. Left out: the first one listed.
             * @example fewstep-stories
             */
            model?: string;
            /**
             * @description Text to continue. A space at its end belongs to the continuation, as tokens begin with the space before their word; it is not repeated there. Empty or left out: free generation. Excludes template.
             * @example Once upon a time
             */
            prompt?: string;
            /**
             * @description Text with [[n]] gaps, each filled in with n tokens, and gaps of choices, as in [[red|green|blue]], which take the most probable of the texts, from left to right; the text around them stays. The space before a gap belongs to the gap, as tokens begin with the space before their word. Excludes prompt and max_tokens.
             * @example The [[3]] was happy. [[12]] The end.
             */
            template?: string;
            /**
             * @description Tokens to generate after the prompt. Left out: 128, or what room the prompt leaves on the model's canvas. More than there is room for are made in blocks, up to the limit that the server has set.
             * @example 96
             */
            max_tokens?: number;
            /** @description true: special tokens spelt out in prompt or template, such as <|endoftext|>, are those tokens. Left out: they are text like any other. */
            allow_special?: boolean;
            /**
             * @description a number from 1 to 1024, or an object with min and max. Refinements, that is network calls an output uses: exactly so many, or, elastic, max of them while the server has time, fewer under load or near deadline_ms, never fewer than min. Left out: the model's default.
             * @example 8
             * @example {
             *       "min": 4,
             *       "max": 32
             *     }
             */
            steps?: number | {
                min: number;
                max: number;
            };
            /**
             * @description true, false or a number between 0 and 1. An output takes its last step as soon as less than this share of its positions is expected to change in the steps before it; true stands for 0.05. Left out: false.
             * @example true
             */
            stop_when_stable?: boolean | number;
            /**
             * @description "uniform", "geometric", "tuned" or a list of step sizes that sum to 1, which then implies steps. geometric: each step half as long as the one before, as long as none gets shorter than 1/1024. tuned: the step sizes that were found best for this model and number of steps, where it has some (/v1/models). A list: none shorter than 0.00001. Left out: the model's default, or, for numbers of steps where it is clearly better, tuned.
             * @example uniform
             * @example [
             *       0.5,
             *       0.25,
             *       0.25
             *     ]
             */
            schedule?: ("uniform" | "geometric" | "tuned") | number[];
            /**
             * @description How tokens may jump in a step. cumulative: averaged over the whole step, made for few steps. euler: rate p/h, whatever h is, and with a masked source it only moves positions that are still masked. euler_exact: the instantaneous rate. A model whose list of solvers is empty takes none.
             * @enum {unknown}
             */
            solver?: "cumulative" | "euler" | "euler_exact";
            /**
             * @description Which positions jump in the same step. independent: whichever, as published. spread: positions far apart, because tokens drawn in the same step do not know of each other; each position jumps as often as before. Only with the cumulative solver. Left out: the model's default.
             * @enum {unknown}
             */
            jumps?: "independent" | "spread";
            /**
             * @description Masked diffusion (llada, dream): a step reveals every token that it is surer of than this, and no fewer than its plan says. So steps is the most that are taken; the answer says how many were. Left out: by plan alone.
             * @example 0.9
             */
            reveal_above?: number;
            /**
             * @description Draw from the k most probable tokens; 0 is off.
             * @example 0
             */
            top_k?: number;
            /**
             * @description The text is made in blocks of so many tokens, one after another, each with all steps: a block sees what was made before, as much of it as the model's canvas has room for. Left out: at once where the text fits the canvas, else in blocks of 64, or half of a smaller canvas, which is also the most then. Not with template or suffix.
             * @example 64
             */
            block_length?: number;
            /**
             * @description Milliseconds within which the generation must be done: what is due first runs first. What could not be done by then is refused at once, with 422 where an idle server could not either, else with 429; what is not done by then after all gets 504.
             * @example 2000
             */
            deadline_ms?: number;
            /**
             * @description Lower is served earlier: by as many seconds as if the request had come earlier or later. So it never waits for ever. Left out: 0.
             * @example 0
             */
            priority?: number;
            /**
             * @description Divides the logits; 0 is greedy. Left out: the model's default.
             * @example 1
             */
            temperature?: number;
            /**
             * @description Draw from the fewest tokens that hold this much probability; 1 is off.
             * @example 1
             */
            top_p?: number;
            /**
             * @description The same model, request and seed give the same tokens. Output i uses seed + i. Left out: random, and reported.
             * @example 7
             */
            seed?: number;
            /**
             * @description Outputs to draw. Left out: 1.
             * @example 1
             */
            n?: number;
            /**
             * @description a string of 1 to 64 characters or a list of up to 4. The continuation is cut before the first of them; of a template what fills each gap, by itself.
             * @example
             */
            stop?: string | string[];
            /** @description Answer with an event stream; the header "Accept: text/event-stream" does the same. */
            stream?: boolean;
            /** @description Report the step at which each token last changed. */
            timeline?: boolean;
            /** @description Report each token's posterior probability, in a stream at each step. */
            confidence?: boolean;
        };
        /** @description A finished generation: the JSON answer, and the data of the stream's "done" event. */
        Generation: {
            id: string;
            /** @enum {string} */
            object: "generation";
            /** @description The model's name. */
            model: string;
            outputs: {
                /** @description From 0. */
                index: number;
                /** @description The continuation without the prompt, cut before end-of-text or a stop string; for a template the whole text, with each gap's filling cut so. */
                text: string;
                /** @description The token ids of text. */
                tokens: number[];
                /**
                 * @description stop: the continuation, or the filling of a gap, was cut at end-of-text or a stop string. length: every position is part of the text.
                 * @enum {unknown}
                 */
                finish_reason: "stop" | "length";
                /** @description With it the same request gives the same output. */
                seed: number;
                /** @description Refinements taken, all blocks together. */
                steps: number;
                /**
                 * @description full: the whole budget. load, deadline: an elastic budget was cut down because others waited or the deadline was near. stable: stop_when_stable ended it, or, in masked diffusion, nothing was masked any more.
                 * @enum {unknown}
                 */
                steps_reason: "full" | "load" | "deadline" | "stable";
                /** @description Of a text that is made in blocks: how many were made, as far as it ends. */
                blocks?: number;
                /** @description For each of tokens, the step (1-based, over all blocks) at which it last changed; 0 for a given one. */
                timeline?: number[];
                /** @description For each of tokens, its posterior probability at the last step, of a text in blocks that of its block. */
                confidence?: number[];
                /** @description What filled each gap of a template. */
                gaps?: {
                    text: string;
                    /** @description Token ids. */
                    tokens: number[];
                    /** @description Of a gap of choices: how probable each is. */
                    choices?: {
                        /** @description With the space that belongs to the gap. */
                        text: string;
                        /** @description Among the choices; they sum to 1. */
                        probability: number;
                        /** @description Of the text, given all around it; see /v1/score. */
                        logprob: number;
                        /** @description Of logprob. */
                        standard_error: number;
                    }[];
                }[];
            }[];
            usage: {
                /** @description Tokens given, counted once. */
                prompt_tokens: number;
                /** @description Tokens made and kept, all outputs together. */
                completion_tokens: number;
                /** @description All outputs together. */
                network_calls: number;
                /** @description Beside them, to decide gaps of choices, once for all outputs. */
                scoring_calls?: number;
            };
            timings: {
                /** @description From arrival at the engine to the first step. */
                queue_ms: number;
                /** @description Time spent in steps; outputs side by side count once. */
                compute_ms: number;
                /** @description Both, and the waits between steps. */
                total_ms: number;
            };
        };
        /** @description One refinement of one output: the data of the stream's "step" event. */
        StepEvent: {
            /** @description Which output. */
            index: number;
            /** @description 1 ... steps. A slow reader may miss some; the next changes include theirs. */
            step: number;
            /** @description In all, as planned now; an elastic budget, or a text in blocks that ends early, may change it. */
            steps: number;
            /** @description Time after the step; 1 after the last. Of a text in blocks each has its share of it. */
            t: number;
            /** @description Of a text that is made in blocks: which of them was refined, from 0. */
            block?: number;
            /** @description And how many are planned. */
            blocks?: number;
            /** @description Positions whose token or piece of text changed. All pieces so far, in order, joined, are text. */
            changes: {
                /** @description Counted within what text covers: the continuation, or the whole template. */
                position: number;
                token: number;
                /** @description The piece of text that now stands at the position; may be empty. */
                text: string;
                /** @description true: the token is not chosen yet, and ░ stands for it. Else left out. */
                masked?: boolean;
                /** @description true: the position is part of the template's own text. Else left out. */
                given?: boolean;
            }[];
            /** @description The whole text as it stands. */
            text: string;
            /** @description Where confidence was asked for: for each position, the posterior probability of its token in this step. */
            confidence?: number[];
        };
        /** @description A loaded model. */
        ModelCard: {
            /** @description The name that a request may give as model. */
            id: string;
            /** @enum {string} */
            object: "model";
            /** @description When the server loaded it, in seconds since 1970. */
            created: number;
            owned_by: string;
            /**
             * @description fs-dfm, dfm: discrete flow matching. llada, dream: masked diffusion, whose steps reveal masked tokens for good.
             * @enum {unknown}
             */
            algorithm: "fs-dfm" | "dfm" | "llada" | "dream";
            /**
             * @description What a canvas holds before the first step.
             * @enum {unknown}
             */
            source_distribution: "mask" | "uniform";
            parameters: number;
            vocab_size: number;
            /** @description Tokens on a canvas, given and generated ones together. */
            max_length: number;
            trained_step_sizes: number[];
            /** @description What a request may give as solver; empty for masked diffusion, which has none. */
            solvers: ("cumulative" | "euler" | "euler_exact")[];
            /** @description What a request may give as schedule; tuned where tuned_schedules has the number of steps. */
            schedules: ("uniform" | "geometric" | "tuned")[];
            /** @description Step sizes that were searched for, by how many there are. Not there: none were. */
            tuned_schedules?: {
                steps: number;
                step_sizes: number[];
                /** @description Whether requests of so many steps get it that name no schedule, and leave solver, jumps and reveal_above to the model. */
                default: boolean;
            }[];
            /** @description What a request may ask of it. */
            supports: {
                /** @description POST /v1/score. */
                scoring: boolean;
                /** @description Gaps of choices in a template, as in [[red|blue]]. */
                choices: boolean;
                reveal_above: boolean;
                block_length: {
                    /** @description Where a request says nothing. */
                    default: number;
                    /** @description Where the text is longer than the canvas. */
                    max: number;
                };
                /** @description The most tokens that a text may have here, made in blocks. */
                max_tokens: number;
            };
            /** @description What a request gets for the fields it leaves out. */
            defaults: {
                steps: number;
                temperature: number;
                top_k: number;
                top_p: number;
                /** @enum {unknown} */
                solver?: "cumulative" | "euler" | "euler_exact";
                /** @enum {unknown} */
                jumps?: "independent" | "spread";
                /** @enum {unknown} */
                schedule: "uniform" | "geometric";
            };
        };
        /** @description The models that started, in the order of their folders. */
        ModelList: {
            /** @enum {string} */
            object: "list";
            data: components["schemas"]["ModelCard"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
