#!/usr/bin/env bash
# Calls every RPC of a running service with `buf curl`, which knows the contract only by the service's reflection.
#
#   curl.sh http://127.0.0.1:50051
#
# BUF names the buf program, `buf` by default. Works in a tenant of its own. A method that the service tells of and
# that is not called here fails the test, so that a new one needs a sample.
set -euo pipefail

endpoint=${1:?usage: curl.sh ENDPOINT, such as http://127.0.0.1:50051}
buf=${BUF:-buf}
tenant="curl-$$-$RANDOM"
year='"period": {"startTime": "2023-01-01T00:00:00Z", "endTime": "2024-01-01T00:00:00Z"}'
passed=0
failed=0
called=

curl() { # method
  "$buf" curl --protocol grpc --http2-prior-knowledge --data @- "$endpoint/$1"
}

# call METHOD REQUEST PART...: every part must be in the answer, whatever the blanks.
call() {
  local method=$1 request=$2 answer part
  shift 2
  called+="$method"$'\n'
  if ! answer=$(curl "$method" <<<"$request" 2>&1); then
    echo "not ok $method: $answer"
    failed=$((failed + 1))
    return
  fi
  answer=$(tr -d ' \n' <<<"$answer")
  for part in "$@"; do
    if [[ $answer != *"$part"* ]]; then
      echo "not ok $method: no $part in $answer"
      failed=$((failed + 1))
      return
    fi
  done
  echo "ok $method"
  passed=$((passed + 1))
}

# begin METHOD REQUEST PART...: the same of a stream that has no end, of which the beginning is looked at.
begin() {
  local method=$1 request=$2 answer part
  shift 2
  called+="$method"$'\n'
  answer=$(timeout 5 "$buf" curl --protocol grpc --http2-prior-knowledge --data @- "$endpoint/$method" <<<"$request" 2>&1 |
    tr -d ' \n' || true)
  for part in "$@"; do
    if [[ $answer != *"$part"* ]]; then
      echo "not ok $method: no $part in $answer"
      failed=$((failed + 1))
      return
    fi
  done
  echo "ok $method"
  passed=$((passed + 1))
}

# Forty-eight sales; each third customer is in retail and earns 600, the others lose 50.
sales() {
  local i revenue
  for ((i = 10; i < 58; i++)); do
    revenue=$((i % 3 == 0 ? 1000 : 350))
    printf '%s{"activityId": "sale-%d", "customerId": "customer-%d", "occurTime": "2023-03-%02dT12:00:00Z",
      "sale": {"revenue": {"currencyCode": "USD", "units": "%d"},
               "costOfGoods": {"currencyCode": "USD", "units": "400"}}}' \
      "$([[ $i == 10 ]] || echo ,)" "$i" "$i" "$((i % 28 + 1))" "$revenue"
  done
}

# Three accounts of Ada: the more time they got in a month of 2021, the more they bought.
accounts() {
  local account month minutes
  for account in 1 2 3; do
    for month in 1 2 3; do
      minutes=$((month * 30))
      printf '%s{"activityId": "ada-sale-%d-%d", "customerId": "account-%d", "occurTime": "2021-%02d-05T12:00:00Z",
        "dimensions": {"accountManagerId": "ada"},
        "sale": {"revenue": {"currencyCode": "USD", "units": "%d"}}},
        {"activityId": "ada-visit-%d-%d", "customerId": "account-%d", "occurTime": "2021-%02d-06T12:00:00Z",
        "dimensions": {"accountManagerId": "ada"},
        "effort": {"roleId": "SALES", "minutes": {"value": "%d"}, "purpose": "EFFORT_PURPOSE_SALES"}}' \
        "$([[ $account$month == 11 ]] || echo ,)" "$account" "$month" "$account" "$month" $((account * minutes)) \
        "$account" "$month" "$account" "$month" "$minutes"
    done
  done
}

parties() {
  local i industry
  for ((i = 10; i < 60; i++)); do
    industry=$([[ $((i % 3)) == 0 ]] && echo RETAIL || echo MINING)
    printf '%s{"partyId": "customer-%d", "stage": "%s", "traits": [{"key": "INDUSTRY", "value": {"category": "%s"}}]}' \
      "$([[ $i == 10 ]] || echo ,)" "$i" \
      "$([[ $i -lt 58 ]] && echo PARTY_STAGE_CUSTOMER || echo PARTY_STAGE_PROSPECT)" "$industry"
  done
}

t="\"tenantId\": \"$tenant\""
v=profitscore.v1

call $v.ActivityService/SubmitActivities "{$t, \"activities\": [$(sales)]}" \
  '{"posted":{"position":{"position":"48"}}}' '"writtenAt":{"position":"48"}'
call $v.ActivityService/StreamActivities \
  "{$t, \"sequence\": 1, \"activities\": [{\"activityId\": \"effort-1\", \"customerId\": \"customer-10\",
     \"occurTime\": \"2023-09-01T08:00:00Z\", \"effort\": {\"roleId\": \"SERVICE\", \"minutes\": {\"value\": \"30\"},
     \"purpose\": \"EFFORT_PURPOSE_SERVICE\"}}]}
   {\"sequence\": 2, \"activities\": [{\"activityId\": \"payment-1\", \"customerId\": \"customer-10\",
     \"occurTime\": \"2024-09-01T08:00:00Z\", \"payment\": {\"amount\": {\"currencyCode\": \"USD\", \"units\": 350}}}]}" \
  '"sequence":"1"' '"sequence":"2"' '"writtenAt":{"position":"50"}' '"postedCount":1'
call $v.ActivityService/ReverseActivities \
  "{$t, \"reversals\": [{\"reversalId\": \"r-1\", \"activityId\": \"payment-1\", \"reason\": \"bounced\"}],
    \"validateOnly\": true}" '"posted":{}'
call $v.ActivityService/ListActivities "{$t, \"customerId\": \"customer-10\"}" \
  '"activityId":"sale-10"' '"activityId":"effort-1"' '"activityId":"payment-1"' '"readAt":{"position":"50"}'
call $v.CostModelService/PutCostModel \
  "{$t, \"requestId\": \"put-1\", \"costModel\": {
     \"capacityCostRates\": [{\"roleId\": \"SERVICE\", \"ratePerMinute\": {\"value\": \"0.8\"}}],
     \"costPools\": [{\"poolId\": \"RENT\", \"amount\": {\"currencyCode\": \"USD\", \"units\": 480}, $year}]}}" \
  '"version":"1"' '"writtenAt":{"position":"51"}'
call $v.CostModelService/GetCostModel "{$t}" '"roleId":"SERVICE"' '"value":"0.8"'
call $v.CostModelService/ListCostModels "{$t}" '"poolId":"RENT"'
call $v.CustomerService/PutTraitDefinition \
  "{$t, \"traitDefinition\": {\"key\": \"INDUSTRY\", \"type\": \"TRAIT_TYPE_CATEGORY\",
     \"sensitivity\": \"TRAIT_SENSITIVITY_ORDINARY\"}}" '"key":"INDUSTRY"'
call $v.CustomerService/ListTraitDefinitions "{$t}" '"type":"TRAIT_TYPE_CATEGORY"'
call $v.CustomerService/UpsertParties "{$t, \"parties\": [$(parties)]}" '"stored":{"position":{"position":"102"}}'
call $v.CustomerService/GetParty "{$t, \"partyId\": \"customer-12\"}" '"category":"RETAIL"'
call $v.CustomerService/ListParties "{$t, \"stage\": \"PARTY_STAGE_PROSPECT\"}" \
  '"partyId":"customer-58"' '"partyId":"customer-59"'
call $v.RankingService/RankCustomers "{$t, $year, \"pageSize\": 2}" \
  '"customerId":"customer-12"' '"customerCount":"48"' '"negativeCount":"32"' \
  '"ledger":{"currencyCode":"USD","units":"7496"}' '"nextPageToken":"'
call $v.RankingService/ExportRanking "{$t, $year}" \
  '"rank":"1"' '"rank":"48"' '"customerCount":"48"' '"reported":{"currencyCode":"USD","units":"7496"}'
call $v.RankingService/GetCustomerStatement "{$t, $year, \"customerId\": \"customer-10\"}" \
  '"netProfit":{"currencyCode":"USD","units":"-84"}' '"label":"SERVICESERVICE"' '"customerCount":"48"'
call $v.RankingService/CompareBands "{$t, $year, \"bandSize\": 3}" '"BAND_PLACE_TOP"' '"BAND_PLACE_BOTTOM"'
call $v.RankingService/GetConcentration "{$t, $year, \"leavingCounts\": [1]}" \
  '"peak":{"customerCount":"16"' '"leavingCount":"1"' '"positiveCount":"16"' '"negativeCount":"32"'
call $v.CustomerService/PutProducts "{$t, \"products\": [{\"productId\": \"tea\", \"categoryId\": \"drinks\"}]}" \
  '"stored":{' '"writtenAt":{'
call $v.CustomerService/ListProducts "{$t}" '"productId":"tea"' '"categoryId":"drinks"'
call $v.ReportService/GetCrossReport "{$t, $year, \"pageSize\": 2}" \
  '"columns":[{"columnId":"UNASSIGNED","total":{"currencyCode":"USD","units":"27200"}}]' \
  '"grandTotal":{"currencyCode":"USD","units":"27200"}' '"cells":[{"columnId":"UNASSIGNED"' '"nextPageToken":"'
call $v.ReportService/RankDimension "{$t, $year, \"dimension\": \"DIMENSION_ACCOUNT_MANAGER\"}" \
  '"dimensionId":"UNASSIGNED"' '"rowCount":"1"' '"units":"7976"'
call $v.ReportService/GetAcquisitionReport "{$t, $year, \"by\": \"ACQUISITION_SOURCE_CHANNEL\"}" \
  '"sourceId":"UNASSIGNED"' '"customerCount":"48"' '"profit":{"currencyCode":"USD","units":"7976"}'
call $v.ReportService/GetTrend "{$t, $year, \"granularity\": \"QUARTER\"}" \
  '"isComplete":true' '"priorYear":{' '"signChange":"SIGN_CHANGE_NONE"' '"slope":{"currencyCode":"USD"'
best="\"bestCustomers\": {$year, \"fraction\": 0.3}"
call $v.ProspectService/GetProfile "{$t, $best}" '"customerCount":"48"' '"category":"RETAIL"' '"hasSignal":true'
call $v.ProspectService/ListLookalikes "{$t, $best}" '"partyId":"customer-58"' '"partyId":"customer-59"'
call $v.ProspectService/ListLookalikes \
  "{$t, $best, \"expansion\": \"EXPANSION_LEVEL_BROAD\", \"diversity\": 0.2, \"customerMatching\": {\"byName\": true}}" \
  '"leastScore":1.' '"beyondExpansionCount":"2"'
call $v.ProspectService/PrequalifyProspects \
  "{$t, \"horizonDays\": 30, \"prospects\": [{\"partyId\": \"customer-58\"}, {\"inline\": {\"partyId\": \"new\",
     \"traits\": [{\"key\": \"INDUSTRY\", \"value\": {\"category\": \"RETAIL\"}}]}}]}" \
  '"decision":"PREQUALIFICATION_DECISION_' '"partyId":"new"'
call $v.ProspectService/RecordOutcomes \
  "{$t, \"outcomes\": [{\"opportunityId\": \"deal-1\", \"partyId\": \"customer-58\", \"status\": \"OUTCOME_STATUS_WON\",
     \"decidedOn\": {\"year\": 2024, \"month\": 7, \"day\": 1}, \"brought\": {\"currencyCode\": \"USD\", \"units\": 40}}],
     \"validateOnly\": true}" '"stored":{}'
call $v.ProspectService/ListOutcomes "{$t, \"status\": \"OUTCOME_STATUS_WON\"}" '"readAt":{'
call $v.AdviceService/RecordDecisions \
  "{$t, \"decisions\": [{\"decisionId\": \"decision-1\", \"customerId\": \"customer-10\", \"decidedBy\": \"kim\",
     \"action\": \"DECIDED_ACTION_KEEP\", \"decidedOn\": {\"year\": 2024, \"month\": 7, \"day\": 1},
     \"advisedAsOf\": {\"position\": 50}}], \"validateOnly\": true}" '"stored":{}'
call $v.AdviceService/ListDecisions "{$t, \"customerId\": \"customer-10\"}" '"totals":{' '"readAt":{'
call $v.ProspectService/EvaluateModel "{$t}" '"standing":"MODEL_STANDING_TOO_FEW_OUTCOMES"' '"readAt":{'
call $v.ProspectService/GetProxyReport "{$t}" '"partyCount":"50"'
call $v.CustomerService/SetProfilingObjection \
  "{$t, \"partyId\": \"customer-59\", \"objects\": true, \"validateOnly\": true}" '{}'
call $v.CustomerService/EraseParty "{$t, \"partyId\": \"customer-59\", \"validateOnly\": true}" '{}'
# 480 of rent are 10 for each of 48 customers.
call $v.CostModelService/GetAllocationTrace "{$t, $year, \"poolId\": \"RENT\", \"pageSize\": 1}" \
  '"customerId":"customer-10"' '"units":"10"' '"population":"CUSTOMER_POPULATION_ACTIVE"' \
  '"allocatedAmount":{"currencyCode":"USD","units":"480"}' '"activeCustomerCount":"48"' '"nextPageToken":"'
call $v.CostModelService/CompareAllocationPolicies "{$t, $year, \"customerCount\": 3}" \
  '"driver":"ALLOCATION_DRIVER_SALES"' '"timeDriven":{}' '"activeCustomerCount":"48"' '"costModelVersion":"1"'
call $v.ExchangeRateService/PutExchangeRates \
  "{$t, \"exchangeRates\": [{\"fromCurrency\": \"EUR\", \"toCurrency\": \"USD\", \"source\": \"ECB\",
     \"day\": {\"year\": 2024, \"month\": 5, \"day\": 3}, \"rate\": {\"value\": \"1.0765\"}}]}" '"stored":{"position":{'
call $v.ExchangeRateService/ListExchangeRates "{$t, \"fromCurrency\": \"EUR\"}" '"value":"1.0765"' '"source":"ECB"'
call $v.PriceTermsService/PutPriceTerms \
  "{$t, \"priceTerms\": [{\"customerId\": \"customer-10\", \"firstDay\": {\"year\": 2023, \"month\": 7, \"day\": 1},
     \"priceListId\": \"TRADE\", \"discountTier\": \"GOLD\", \"nominalDiscount\": {\"value\": \"0.15\"}}]}" '"stored":{"position":{'
call $v.PriceTermsService/ListPriceTerms "{$t, \"validOn\": {\"year\": 2024, \"month\": 1, \"day\": 1}}" \
  '"priceListId":"TRADE"' '"discountTier":"GOLD"' '"value":"0.15"'
call $v.RankingService/GetCustomerStatement "{$t, $year, \"customerId\": \"customer-10\"}" \
  '"priceListId":"TRADE"' '"discountTier":"GOLD"'
call $v.CostModelService/RevertCostModel "{$t, \"requestId\": \"revert-1\", \"version\": 0}" '"version":"2"'
call $v.CostModelService/PutCostModel \
  "{$t, \"requestId\": \"put-2\", \"costModel\": {\"capacityCostRates\": [{\"roleId\": \"SERVICE\",
     \"ratePerMinute\": {\"value\": \"0.8\"}, \"practicalCapacity\": {\"minutes\": {\"value\": \"9000\"}, $year}}]}}" \
  '"version":"3"'
call $v.CostModelService/GetCapacityUse "{$t, $year}" \
  '"roleId":"SERVICE"' '"capacityCost":{"currencyCode":"USD","units":"7200"}' '"costModelVersion":"3"'
call $v.ClosingService/ClosePeriod \
  "{$t, \"requestId\": \"close-1\", \"month\": {\"year\": 2023, \"month\": 3}, \"note\": \"Bo\"}" \
  '"note":"Bo"' '"month":{"year":2023,"month":3}' '"writtenAt":{"position":"108"}'
call $v.ClosingService/ListClosedPeriods "{$t}" '"startTime":"2023-03-01T00:00:00Z"' '"position":{"position":"108"}'
call $v.ActivityService/SubmitActivities "{$t, \"activities\": [{\"activityId\": \"late-1\",
    \"customerId\": \"customer-10\", \"occurTime\": \"2023-03-31T12:00:00Z\", \"sale\": {\"revenue\":
    {\"currencyCode\": \"USD\", \"units\": 5}}}]}" '"posted":'
call $v.ClosingService/ListLateEntries "{$t, \"month\": {\"year\": 2023, \"month\": 3}}" '"activityId":"late-1"'
call $v.ClosingService/GetLateArrivals "{$t, \"month\": {\"year\": 2023, \"month\": 3}}" \
  '"changeByArrivals":{"currencyCode":"USD","units":"5"}' '"account":"gross_revenue"' '"changedCustomerCount":"1"'
call $v.RankingService/RankCustomers "{$t, \"readOptions\": {\"asClosed\": {\"year\": 2023, \"month\": 3}}}" \
  '"readAt":{"position":"108"}'
call $v.ActivityService/SubmitActivities \
  "{$t, \"activities\": [{\"activityId\": \"invoice-1\", \"customerId\": \"customer-10\",
     \"occurTime\": \"2024-08-01T08:00:00Z\", \"invoice\": {\"invoiceId\": \"I-1\",
     \"amount\": {\"currencyCode\": \"USD\", \"units\": 500}, \"dueTime\": \"2024-08-15T08:00:00Z\"}}]}" '"posted":{'
# 500 less the payment of 350, on the day of that payment, the last.
call $v.ReceivablesService/ListReceivables "{$t}" \
  '"customerId":"customer-10"' '"open":{"currencyCode":"USD","units":"150"}' '"bucket":"AGE_BUCKET_UP_TO_30"' \
  '"customerCount":"1"' '"averageDaysLate":{"value":"17"}'
call $v.ReceivablesService/GetReceivables "{$t, \"customerId\": \"customer-10\"}" \
  '"invoiceId":"I-1"' '"daysPastDue":"17"' '"paid":{"currencyCode":"USD","units":"350"}'

call $v.AdviceService/PlanPortfolio "{$t, $year, \"pageSize\": 1}" \
  '"disposition":"DISPOSITION_' '"place":"BAND_PLACE_MIDDLE"' '"customerCount":"48"' '"rank":"1"'
call $v.AdviceService/ExportPortfolio "{$t, $year}" '"rank":"48"' '"disposition":"DISPOSITION_NURTURE"'
call $v.AdviceService/SimulateRelationship "{$t, $year, \"customerId\": \"customer-10\"}" \
  '"action":"RELATIONSHIP_ACTION_KEEP"' '"step":"REMEDY_STEP_END"' '"booksWithout":{'
call $v.AdviceService/SimulatePortfolio "{$t, $year, \"endingCount\": \"1\"}" \
  '"progress":{"readCount":"48","customerCount":"48"}' '"endedCount":"1"'

# Each second customer comes again in the year after.
again() {
  local i
  for ((i = 10; i < 58; i += 2)); do
    printf '%s{"activityId": "again-%d", "customerId": "customer-%d", "occurTime": "2024-%02d-%02dT12:00:00Z",
      "sale": {"revenue": {"currencyCode": "USD", "units": "%d"}}}' \
      "$([[ $i == 10 ]] || echo ,)" "$i" "$i" "$((i % 7 + 1))" "$((i % 28 + 1))" "$((300 + i))"
  done
}
call $v.ActivityService/SubmitActivities "{$t, \"activities\": [$(again)]}" '"posted":'
call $v.CustomerValueService/GetCustomerValue \
  "{$t, \"customerIds\": [\"customer-10\", \"nobody\"], \"terms\": {\"horizonDays\": 180, \"segmentTrait\": \"INDUSTRY\"}}" \
  '"orderCount":"3"' '"probabilityAlive":' '"expectedProfit":{"expected":{"currencyCode":"USD"' '"segment":"MINING"' \
  '"reason":"ERROR_REASON_CUSTOMER_NOT_FOUND"' '"frequencyModel":"FREQUENCY_MODEL_' '"customerCount":"48"'
call $v.RankingService/RankCustomers "{$t, \"basis\": \"RANKING_BASIS_EXPECTED_PROFIT\", \"pageSize\": 2}" \
  '"customerValue":{"orderCount":"' '"customerCount":"48"' '"nextPageToken":"'
call $v.ProspectService/AdoptModel "{$t, \"requestId\": \"model-1\"}" '"adopted":true' '"reason":"ADOPTION_REASON_FIRST"'
call $v.ProspectService/RestoreModel "{$t, \"requestId\": \"model-2\", \"version\": 1}" '"version":"2"' '"restores":"1"'
call $v.ProspectService/ListModels "{$t}" '"version":"2"' '"version":"1"'

begin $v.WatchService/WatchRanking "{$t, $year, \"customerCount\": 2}" \
  '"snapshot":{"customers":[{"rank":"1","customerId":"customer-' '"customerCount":"48"'
begin $v.WatchService/WatchAlerts "{$t, $year, \"kinds\": [\"ALERT_KIND_TURNED_UNPROFITABLE\"]}" \
  '"state":"ALERT_STATE_OPEN"' '"kind":"ALERT_KIND_TURNED_UNPROFITABLE"' '"profit":{"netProfit":{'

call $v.ActivityService/SubmitActivities "{$t, \"activities\": [$(accounts)]}" '"posted":{'
call $v.AdviceService/AllocateTime \
  "{$t, \"accountManagerId\": \"ada\", \"hours\": {\"value\": \"3\"},
    \"period\": {\"startTime\": \"2021-01-01T00:00:00Z\", \"endTime\": \"2021-04-01T00:00:00Z\"}}" \
  '"customerId":"account-3"' '"blockCount":"6"' '"informativeAccountCount":"3"' \
  '"ledger":{"currencyCode":"USD","units":"1080"}'
call $v.AdviceService/SuggestCrossSell "{$t, $year}" '"customerCount":"48"' '"profitableCount":"16"'
call $v.AdviceService/RankExpansion "{$t, $year, \"productId\": \"tea\"}" '"ledger":{"currencyCode":"USD"}'
call $v.AdviceService/RankBonusReturns "{$t, $year}" '"totalBonusCost":{"currencyCode":"USD"}'
call $v.AdviceService/AllocateAppreciation \
  "{$t, \"budget\": {\"currencyCode\": \"USD\", \"units\": \"480\"},
    \"ceilingPerCustomer\": {\"currencyCode\": \"USD\", \"units\": \"100\"}, \"pageSize\": 3}" \
  '"customerCount":' '"amount":{"currencyCode":"USD"' '"nextPageToken":' '"totalValueAtRisk":'
# Customer 10 is asked, and brings a prospect.
call $v.ActivityService/SubmitActivities \
  "{$t, \"activities\": [{\"activityId\": \"asked\", \"customerId\": \"customer-10\", \"occurTime\": \"2024-03-01T12:00:00Z\",
    \"referralAsk\": {\"outcome\": \"REFERRAL_ASK_OUTCOME_NAMED\"}},
    {\"activityId\": \"brought\", \"customerId\": \"customer-10\", \"occurTime\": \"2024-03-02T12:00:00Z\",
    \"referral\": {\"referredPartyId\": \"friend\", \"kind\": \"REFERRAL_KIND_WOULD_NOT_HAVE_COME\",
      \"productFamily\": \"TOOLS\"}}]}" '"posted":'
call $v.AdviceService/GetReferralValue "{$t, \"customerId\": \"customer-10\"}" \
  '"referredPartyId":"friend"' '"generation":"1"' '"reach":"1"'
call $v.AdviceService/ListReferralQuadrants "{$t, \"pageSize\": 2}" \
  '"quadrant":"REFERRAL_QUADRANT_' '"nextPageToken":' '"ownProfitThreshold":'
call $v.AdviceService/GetReferralReport "{$t}" '"productFamily":"TOOLS"' '"openCount":"1"' '"year":2024,"month":3'
call $v.AdviceService/ListReferralAsks "{$t, \"quota\": 3, \"restDays\": 1}" '"askCount":' '"activeCustomerCount":'
call $v.RankingService/RankCustomers "{$t, \"basis\": \"RANKING_BASIS_TOTAL_VALUE\", \"pageSize\": 2}" \
  '"referralValue":' '"referralTotals":'

# A refusal is told in words, and in details, which buf prints in base64.
reason_of() {
  grep -o '"value": *"[^"]*"' <<<"$1" | cut -d '"' -f 4 | while read -r detail; do
    base64 --decode <<<"$detail" 2>/dev/null || true
  done | tr -d '\0'
}
if answer=$(curl $v.RankingService/RankCustomers <<<"{$t, \"pageSize\": -1}" 2>&1); then
  echo "not ok: a page of -1 customers was answered"
  failed=$((failed + 1))
elif [[ $answer != *invalid_argument* || $(reason_of "$answer") != *NUMBER_OUT_OF_RANGE*page_size* ]]; then
  echo "not ok: a page of -1 customers was refused with $answer"
  failed=$((failed + 1))
else
  echo "ok a refusal tells its reason"
  passed=$((passed + 1))
fi

listed=$("$buf" curl --protocol grpc --http2-prior-knowledge --list-methods "$endpoint" | grep "^$v\." | sort)
missing=$(comm -23 <(echo "$listed") <(sort -u <<<"$called"))
if [[ -z $listed || -n $missing ]]; then
  echo "not ok: without a sample here: ${missing:-the service lists no methods}"
  failed=$((failed + 1))
else
  echo "ok every method of the service is called"
  passed=$((passed + 1))
fi

echo "$passed passed, $failed failed"
[[ $failed == 0 ]]
