select day, country, count(*)::int as orders, count(distinct customer)::int as customers,
  count(*) filter (where status = 'returned')::int as returned, sum(amount_eur)::numeric(18, 2) as revenue_eur
from {{ ref('int_orders_eur') }}
group by day, country
