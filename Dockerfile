# syntax=docker/dockerfile:1

# docker build -t fewstep .
# docker build -t fewstep:cuda --build-arg EXECUTION_PROVIDER=cuda .
ARG EXECUTION_PROVIDER=cpu

FROM node:22-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.js ./scripts/
COPY src ./src
RUN npm run build

# .npmrc keeps install scripts from running; the CUDA image runs the one it needs, which fetches the CUDA provider.
FROM node:22-slim AS dependencies-cpu
WORKDIR /app
ENV NODE_ENV=production
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM dependencies-cpu AS dependencies-cuda
RUN ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js \
  && test -f node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so

FROM node:22-slim AS runtime-cpu

FROM nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04 AS runtime-cuda
COPY --from=node:22-slim /usr/local/bin/node /usr/local/bin/node
# Node's images have the user `node` with id 1000; this base calls the same id `ubuntu`.
RUN usermod --login node --home /home/node --move-home ubuntu && groupmod --new-name node ubuntu

# hadolint ignore=DL3006
FROM dependencies-${EXECUTION_PROVIDER} AS dependencies

# hadolint ignore=DL3006
FROM runtime-${EXECUTION_PROVIDER} AS runtime
ARG EXECUTION_PROVIDER
WORKDIR /app
# The CUDA image refuses to start without a GPU rather than be slow on the CPU: FEWSTEP_EXECUTION_PROVIDER=auto relents.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 FEWSTEP_EXECUTION_PROVIDER=${EXECUTION_PROVIDER}
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE README.md ./
COPY openapi ./openapi
COPY models/fewstep-stories ./models/fewstep-stories
# The user `node`, as a number, so that Kubernetes' runAsNonRoot can tell that it is not root.
USER 1000:1000
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whether the process is alive: what does not answer this is to be restarted. Whether to send it requests, /health/ready says.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# SIGUSR1 would open a debugger until the service handles it.
CMD ["node", "--disable-sigusr1", "dist/main.js"]
