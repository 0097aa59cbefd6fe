FROM scratch AS site
ARG VERSION
COPY hello /site/
LABEL version=$VERSION
