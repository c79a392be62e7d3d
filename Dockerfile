# syntax=docker/dockerfile:1

# docker build -t fewstep .                       for CPUs
# docker build -t fewstep:cuda --target cuda .    for NVIDIA GPUs, x64 only
#
# scripts/image/build.sh does the same with buildah, without a daemon.
# scripts/image/pin.sh pins it by digest.
ARG NODE_IMAGE=docker.io/library/node:22.23.3-bookworm-slim

FROM ${NODE_IMAGE} AS base

FROM base AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.js scripts/fresh-build.js ./scripts/
COPY src ./src
COPY web ./web
COPY docs ./docs
COPY README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md .env.example ./
COPY deploy/README.md ./deploy/
COPY train/EXPERIMENTS.md ./train/
COPY models/fewstep-stories ./models/fewstep-stories
RUN npm run build

FROM base AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY scripts/image/slim.js ./
RUN node slim.js node_modules

# ONNX Runtime's CUDA provider and what it links with or loads, but for the driver, which comes from the host: what `fewstep cuda install`
# fetches, by pip. No layer of it depends on the service's own code.
FROM base AS cuda-libraries
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-pip
COPY scripts/image/cuda-wheels.txt ./
RUN pip install --quiet --no-cache-dir --no-deps --only-binary :all: --require-hashes --target /wheels -r cuda-wheels.txt \
  && mkdir /cuda && mv /wheels/nvidia/*/lib/*.so* /wheels/onnxruntime/capi/libonnxruntime_providers_cuda.so \
    /wheels/onnxruntime/capi/libonnxruntime_providers_shared.so /cuda/ \
  && rm -f /cuda/*.alt.so* /cuda/libnvblas.so*

# All but what differs in rate of change: what is copied first changes least, so that a new version of src/ is one small layer.
FROM base AS runtime
LABEL org.opencontainers.image.title="fewstep" \
  org.opencontainers.image.description="Inference service for few-step diffusion language models" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="0.1.0"
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 FEWSTEP_CACHE_DIR=/var/cache/fewstep
# Whoever the service runs as may keep its measurements there: no home is needed.
RUN install -d -m 1777 /var/cache/fewstep
# The user `node`, as a number, so that Kubernetes' runAsNonRoot can tell that it is not root.
USER 1000:1000
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whether the process is alive: what does not answer this is to be restarted. Whether to send it requests, /health/ready says.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["node", "health.js"]
# SIGUSR1 would open a debugger until the service handles it.
CMD ["node", "--disable-sigusr1", "dist/main.js"]

FROM runtime AS cuda
# It refuses to start without a GPU rather than be slow on the CPU: FEWSTEP_EXECUTION_PROVIDER=auto relents.
ENV FEWSTEP_EXECUTION_PROVIDER=cuda NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=cuda-libraries /cuda ./node_modules/onnxruntime-node/bin/napi-v6/linux/x64
COPY --from=dependencies /app/node_modules ./node_modules
COPY models/fewstep-stories ./models/fewstep-stories
COPY scripts/image/health.js package.json README.md LICENSE ./
COPY openapi ./openapi
COPY --from=build /app/dist ./dist

FROM runtime AS cpu
ENV FEWSTEP_EXECUTION_PROVIDER=cpu
COPY --from=dependencies /app/node_modules ./node_modules
COPY models/fewstep-stories ./models/fewstep-stories
COPY scripts/image/health.js package.json README.md LICENSE ./
COPY openapi ./openapi
COPY --from=build /app/dist ./dist
